//! Processors, memory, mounts, uptime.

use super::{Facts, dmi, read};
use crate::modules::system::kernel::mount_table::{MountLine, Uuids, sizes};
use crate::value::{Key, Map, Value};

pub(super) fn hardware(facts: &mut Facts) {
    memory(facts, &read::file("/proc/meminfo").unwrap_or_default());
    let architecture = rustix::system::uname().machine().to_string_lossy().into_owned();
    processors(facts, &read::file("/proc/cpuinfo").unwrap_or_default(), &architecture);
    dmi::dmi(facts);
    mounts(facts);
    if let Some(seconds) = read::file("/proc/uptime").and_then(|text| text.split('.').next()?.parse::<i64>().ok()) {
        facts.set("uptime_seconds", seconds);
    }
}

fn memory(facts: &mut Facts, text: &str) {
    let megabytes = |name: &str| -> Option<i64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().next()?.parse::<i64>().ok()? / 1024)
    };
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::from);
    for (name, key) in [
        ("memtotal_mb", "MemTotal"),
        ("memfree_mb", "MemFree"),
        ("swaptotal_mb", "SwapTotal"),
        ("swapfree_mb", "SwapFree"),
    ] {
        if let Some(count) = megabytes(key) {
            facts.set(name, count);
        }
    }
    let (total, free) = (megabytes("MemTotal"), megabytes("MemFree"));
    let (swap, swap_free) = (megabytes("SwapTotal"), megabytes("SwapFree"));
    let less = |a: Option<i64>, b: Option<i64>| a.zip(b).map(|(a, b)| a - b);
    let unused = megabytes("Cached")
        .zip(megabytes("Buffers"))
        .zip(free)
        .map(|((cached, buffers), free)| cached + buffers + free);
    let group = |parts: &[(&str, Option<i64>)]| -> Value {
        Value::map(parts.iter().map(|(name, count)| (Key::from(*name), number(*count))).collect())
    };
    let all: Map = [
        ("real".into(), group(&[("total", total), ("used", less(total, free)), ("free", free)])),
        ("nocache".into(), group(&[("free", unused), ("used", less(total, unused))])),
        (
            "swap".into(),
            group(&[
                ("total", swap),
                ("free", swap_free),
                ("used", less(swap, swap_free)),
                ("cached", megabytes("SwapCached")),
            ]),
        ),
    ]
    .into();
    facts.set("memory_mb", all);
}

/// Counts as Ansible counts: sockets by `physical id`, cores and threads by what the first of them says.
fn processors(facts: &mut Facts, text: &str, architecture: &str) {
    let mut names: Vec<Value> = Vec::new();
    let (mut vendors, mut models, mut processors) = (0_i64, 0_i64, 0_i64);
    let mut sockets: Vec<(String, i64)> = Vec::new();
    let mut cores: Vec<(String, i64)> = Vec::new();
    let (mut socket, mut core) = (String::new(), String::new());
    for line in text.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let (key, value) = (key.trim(), value.trim());
        match key {
            "flags" => {
                facts.set("flags", Value::list(value.split_whitespace().map(Value::from).collect()));
            }
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" | "processor" => {
                names.push(Value::from(value));
                vendors += i64::from(key == "vendor_id");
                models += i64::from(key == "model name");
                processors += i64::from(key == "processor");
            }
            "physical id" => {
                value.clone_into(&mut socket);
                if !sockets.iter().any(|(known, _)| *known == socket) {
                    sockets.push((socket.clone(), 1));
                }
            }
            "core id" => {
                value.clone_into(&mut core);
                put(&mut cores, &core, 1);
            }
            "cpu cores" => put(&mut sockets, &socket, value.parse().unwrap_or(1)),
            "siblings" => put(&mut cores, &core, value.parse().unwrap_or(1)),
            _ => {}
        }
    }
    let mut count = i64::try_from(names.len()).unwrap_or(i64::MAX);
    if vendors > 0 && vendors == models {
        count = vendors;
    }
    if ["armv", "aarch", "ppc"].iter().any(|start| architecture.starts_with(start)) {
        count = processors;
    }
    let count = i64::try_from(sockets.len()).ok().filter(|sockets| *sockets > 0).unwrap_or(count);
    let per_socket = sockets.first().map_or(1, |(_, cores)| *cores).max(1);
    let threads = (cores.first().map_or(1, |(_, siblings)| *siblings) + per_socket / 2) / per_socket;
    facts.set("processor", Value::list(names));
    facts.set("processor_count", count);
    facts.set("processor_cores", per_socket);
    facts.set("processor_threads_per_core", threads);
    facts.set("processor_vcpus", threads * count * per_socket);
    let usable = std::thread::available_parallelism().ok().and_then(|count| i64::try_from(count.get()).ok());
    facts.set("processor_nproc", usable.unwrap_or(processors));
}

fn put(list: &mut Vec<(String, i64)>, key: &str, count: i64) {
    match list.iter_mut().find(|(known, _)| known == key) {
        Some((_, old)) => *old = count,
        None => list.push((key.to_owned(), count)),
    }
}

fn mounts(facts: &mut Facts) {
    let ids = Uuids::read();
    let mut list = Vec::new();
    for line in MountLine::all() {
        if !line.device.starts_with(['/', '\\']) && !line.device.contains(":/") || line.fstype == "none" {
            continue;
        }
        let mut map = line.values();
        if !line.is_remote() {
            map.extend(sizes(&line.mount));
        }
        map.insert("uuid".into(), ids.of(&line.device).unwrap_or("N/A").into());
        list.push(Value::map(map));
    }
    facts.set("mounts", Value::list(list));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_as_ansible_does() {
        let mut text = String::new();
        for number in 0..8 {
            use std::fmt::Write as _;
            let (socket, core) = (number / 4, number % 2);
            let _ = writeln!(
                text,
                "processor\t: {number}\nvendor_id\t: X\nmodel name\t: Y\nphysical id\t: {socket}\nsiblings\t: 4\ncore id\t: {core}\ncpu cores\t: 2\n"
            );
        }
        let mut facts = Facts::default();
        processors(&mut facts, &text, "x86_64");
        let number = |name: &str| facts.0.get(name).and_then(Value::as_int).unwrap();
        assert_eq!(number("processor_count"), 2);
        assert_eq!(number("processor_cores"), 2);
        assert_eq!(number("processor_threads_per_core"), 2);
        assert_eq!(number("processor_vcpus"), 8);
    }
}
