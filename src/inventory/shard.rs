//! One part of an inventory, for several runs beside each other: `--shard 0/4`.

use std::str::FromStr;

use thiserror::Error;

/// Which part of how many. Parts are counted from 0, as Kubernetes counts the pods of an Indexed Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

/// Why a shard cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ShardError {
    /// It has another form.
    #[error("a shard is INDEX/COUNT, as in `0/4`, not `{0}`")]
    Form(String),
    /// There is no such part.
    #[error("of {count} shards the last is `{last}/{count}`: they are counted from 0", last = .count.saturating_sub(1))]
    Beyond {
        /// How many parts there are.
        count: usize,
    },
}

impl Shard {
    /// Whether what stands at a place of the whole is in this part.
    pub(super) fn has(self, place: usize) -> bool {
        place % self.count == self.index
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let form = || ShardError::Form(text.to_owned());
        let (index, count) = text.split_once('/').ok_or_else(form)?;
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| form());
        let (index, count) = (number(index)?, number(count)?);
        if count == 0 {
            return Err(form());
        }
        if index >= count {
            return Err(ShardError::Beyond { count });
        }
        Ok(Self { index, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_nought() {
        let shard: Shard = "1/3".parse().unwrap();
        assert_eq!((0..7).filter(|place| shard.has(*place)).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(
            "3/3".parse::<Shard>().unwrap_err().to_string(),
            "of 3 shards the last is `2/3`: they are counted from 0"
        );
        for text in ["", "1", "1/0", "a/b", "-1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Form(text.to_owned())));
        }
    }
}
