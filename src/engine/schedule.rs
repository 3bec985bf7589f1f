//! Which hosts a play takes, in which order, and in how many batches.

use std::sync::Arc;

use rand::seq::SliceRandom as _;

use crate::inventory::HostOrder;
use crate::value::{Value, python_str};
use crate::vars::HostVars;

/// Cuts hosts into batches as `serial` says: a number, a percentage, or a list of them of which the last repeats.
pub(super) fn batches(
    mut hosts: Vec<Arc<HostVars>>,
    serial: Option<&Value>,
) -> Result<Vec<Vec<Arc<HostVars>>>, String> {
    let total = hosts.len();
    let sizes: Vec<usize> = match serial {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(sizes)) => sizes.iter().map(|size| batch_size(size, total)).collect::<Result<_, _>>()?,
        Some(size) => vec![batch_size(size, total)?],
    };
    let mut out = Vec::new();
    let mut next = 0;
    while !hosts.is_empty() {
        let size = sizes.get(next).or(sizes.last()).copied().unwrap_or(0);
        if size == 0 || size >= hosts.len() {
            out.push(hosts);
            break;
        }
        let rest = hosts.split_off(size);
        out.push(hosts);
        hosts = rest;
        next += 1;
    }
    Ok(out)
}

/// One size of `serial`; 0 means all that are left.
fn batch_size(value: &Value, total: usize) -> Result<usize, String> {
    let text = python_str(value);
    let wrong = || format!("`serial` takes numbers and percentages, and `{text}` is neither");
    let Some(percent) = text.trim().strip_suffix('%') else {
        let number: i64 = text.trim().parse().map_err(|_| wrong())?;
        return Ok(usize::try_from(number).unwrap_or(0));
    };
    let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
    if !percent.is_finite() {
        return Err(wrong());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "cut off at zero, and hosts are counted in thousands"
    )]
    let size = (percent.max(0.0) / 100.0 * total as f64) as usize;
    Ok(size.max(1))
}

/// Puts hosts into the order that `order` names.
pub(super) fn ordered(hosts: Vec<Arc<HostVars>>, order: HostOrder) -> Vec<Arc<HostVars>> {
    let mut hosts = hosts;
    match order {
        HostOrder::Inventory => {}
        HostOrder::ReverseInventory => hosts.reverse(),
        HostOrder::Sorted => hosts.sort_by(|a, b| a.name().cmp(b.name())),
        HostOrder::ReverseSorted => hosts.sort_by(|a, b| b.name().cmp(a.name())),
        HostOrder::Shuffle => hosts.shuffle(&mut rand::rng()),
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(count: usize, serial: &Value) -> Vec<usize> {
        let hosts = (0..count).map(|n| Arc::new(HostVars::new(format!("h{n}")))).collect();
        batches(hosts, Some(serial)).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn serial_takes_numbers_percentages_and_lists() {
        assert_eq!(sizes(5, &Value::Int(2)), [2, 2, 1]);
        assert_eq!(sizes(10, &Value::data("30%")), [3, 3, 3, 1]);
        assert_eq!(sizes(3, &Value::data("10%")), [1, 1, 1]);
        assert_eq!(sizes(10, &Value::list(vec![Value::Int(1), Value::data("20%"), Value::Int(5)])), [1, 2, 5, 2]);
        assert_eq!(sizes(4, &Value::Int(0)), [4]);
        assert_eq!(sizes(4, &Value::list(Vec::new())), [4]);
        assert!(batches(vec![Arc::new(HostVars::new("h"))], Some(&Value::data("many"))).is_err());
    }
}
