//! Disks and their partitions, from `/sys/block` and the links under `/dev/disk`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Facts, read};
use crate::value::{Key, Map, Value};

/// Names of a device, by device.
type Names = BTreeMap<String, Vec<String>>;

/// How devices are linked.
struct Links {
    ids: Names,
    labels: Names,
    uuids: Names,
    masters: Names,
}

pub(super) fn devices(facts: &mut Facts) {
    let links = Links {
        ids: links_in("/dev/disk/by-id"),
        labels: links_in("/dev/disk/by-label"),
        uuids: links_in("/dev/disk/by-uuid"),
        masters: masters(),
    };
    facts.set("device_links", links.whole());
    let disks = read::folder("/sys/block").into_iter().map(|path| (Key::from(read::name(&path)), disk(&path, &links)));
    facts.set("devices", Value::map(disks.collect()));
}

impl Links {
    fn whole(&self) -> Value {
        let part = |names: &Names| {
            Value::map(names.iter().map(|(device, names)| (Key::from(device.as_str()), list(names))).collect())
        };
        Value::map(self.parts().map(|(name, names)| (Key::from(name), part(names))).collect())
    }

    fn of(&self, device: &str) -> Value {
        let part = |names: &Names| names.get(device).map_or_else(|| list(&[]), |names| list(names));
        Value::map(self.parts().map(|(name, names)| (Key::from(name), part(names))).collect())
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &Names)> {
        [("ids", &self.ids), ("labels", &self.labels), ("masters", &self.masters), ("uuids", &self.uuids)].into_iter()
    }
}

fn list(names: &[String]) -> Value {
    Value::list(names.iter().map(|name| Value::data(name.as_str())).collect())
}

/// The links of a folder, by the device that they lead to.
fn links_in(folder: &str) -> Names {
    let mut names = Names::new();
    for link in read::folder(folder) {
        // what is gone between two looks is no device
        if let Ok(device) = fs::read_link(&link) {
            names.entry(read::name(&device)).or_default().push(read::name(&link));
        }
    }
    names
}

/// The devices that are built on a device.
fn masters() -> Names {
    let mut names = Names::new();
    for disk in read::folder("/sys/block") {
        for slave in read::folder(&disk.join("slaves").to_string_lossy()) {
            names.entry(read::name(&slave)).or_default().push(read::name(&disk));
        }
    }
    names
}

fn disk(path: &Path, links: &Links) -> Value {
    let name = read::name(path);
    let text = |part: &str| read::file(&path.join(part).to_string_lossy());
    let or_null = |part: &str| text(part).map_or(Value::Null, |text| Value::data(text.as_str()));
    let mut facts = Map::new();
    let mut set = |name: &str, value: Value| facts.insert(Key::from(name), value);
    set("virtual", Value::Int(1));
    set("links", links.of(&name));
    for (fact, part) in [
        ("vendor", "device/vendor"),
        ("model", "device/model"),
        ("sas_address", "device/sas_address"),
        ("sas_device_handle", "device/sas_device_handle"),
        ("removable", "removable"),
        ("support_discard", "queue/discard_granularity"),
        ("rotational", "queue/rotational"),
    ] {
        set(fact, or_null(part));
    }
    if let Some(serial) = text("device/serial") {
        set("serial", Value::data(serial.as_str()));
    }
    let scheduler = text("queue/scheduler").unwrap_or_default();
    let mode = scheduler.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(mode, _)| mode);
    set("scheduler_mode", Value::data(mode));
    let sectors = text("size").and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    set("sectors", Value::Int(sectors.into()));
    let sector = sector_size(path).unwrap_or_else(|| "512".to_owned());
    set("sectorsize", Value::data(sector.as_str()));
    set("size", Value::data(human(sectors).as_str()));
    // which controller it hangs on, `lspci` would tell
    set("host", Value::data(""));
    set("holders", holders(path));
    let partitions = read::folder(&path.to_string_lossy()).into_iter().filter(|part| is_partition(&name, part));
    let partitions = partitions.map(|part| (Key::from(read::name(&part)), partition(&part, &sector, links)));
    set("partitions", Value::map(partitions.collect()));
    Value::map(facts)
}

/// `sda1` of `sda`, `nvme0n1p1` of `nvme0n1`.
fn is_partition(disk: &str, path: &Path) -> bool {
    let name = read::name(path);
    let Some(rest) = name.strip_prefix(disk) else { return false };
    let number = rest.strip_prefix('p').unwrap_or(rest);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn partition(path: &Path, sector: &str, links: &Links) -> Value {
    let name = read::name(path);
    let number = |part: &str| read::number(&path.join(part)).unwrap_or_default();
    let uuid = links.uuids.get(&name).and_then(|names| names.first());
    let facts: Map = [
        ("links", links.of(&name)),
        ("start", Value::data(number("start").to_string().as_str())),
        ("sectors", Value::Int(number("size").into())),
        ("sectorsize", Value::data(sector_size(path).as_deref().unwrap_or(sector))),
        ("size", Value::data(human(number("size")).as_str())),
        ("uuid", uuid.map_or(Value::Null, |uuid| Value::data(uuid.as_str()))),
        ("holders", holders(path)),
    ]
    .into_iter()
    .map(|(name, value)| (Key::from(name), value))
    .collect();
    Value::map(facts)
}

fn sector_size(path: &Path) -> Option<String> {
    ["queue/logical_block_size", "queue/hw_sector_size"]
        .iter()
        .find_map(|part| read::file(&path.join(part).to_string_lossy()))
}

/// The devices on top, by the name that the device mapper gives them where it does.
fn holders(path: &Path) -> Value {
    let holders = read::folder(&path.join("holders").to_string_lossy());
    let name = |path: &Path| {
        let device = read::name(path);
        read::file(&format!("/sys/block/{device}/dm/name")).unwrap_or(device)
    };
    list(&holders.iter().map(|path| name(path)).collect::<Vec<_>>())
}

/// A size in sectors of 512 bytes as Ansible writes it.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn human(sectors: i64) -> String {
    let bytes = sectors as f64 * 512.0;
    let units = [("YB", 80), ("ZB", 70), ("EB", 60), ("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
    for (unit, power) in units {
        let size = 2_f64.powi(power);
        if bytes >= size {
            return format!("{:.2} {unit}", bytes / size);
        }
    }
    format!("{bytes:.2} Bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_partitions() {
        assert_eq!(human(536_870_912), "256.00 GB");
        assert_eq!([human(0), human(1), human(3)], ["0.00 Bytes", "512.00 Bytes", "1.50 KB"]);
        let of = |disk: &str, path: &str| is_partition(disk, Path::new(path));
        assert!(of("sda", "/sys/block/sda/sda1") && of("nvme0n1", "/sys/block/nvme0n1/nvme0n1p2"));
        assert!(!of("sda", "/sys/block/sda/queue") && !of("sda", "/sys/block/sda/sda"));
    }
}
