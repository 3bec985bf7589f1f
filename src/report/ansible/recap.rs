//! The recap, its columns as Ansible pads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::colours::Shade;
use crate::event::HostStats;
use crate::report::Palette;

/// One line for each host.
pub(super) fn lines(stats: &BTreeMap<String, HostStats>, palette: Palette) -> String {
    let mut out = String::new();
    for (host, counts) in stats {
        let HostStats { ok, changed, unreachable, failed, skipped, rescued, ignored } = *counts;
        let count = |name: &str, number: u32, shade: Shade| {
            let text = format!("{name}={number:<4}");
            if number == 0 { text } else { shade.paint(palette, &text) }
        };
        let _ = writeln!(
            out,
            "{} : {} {} {} {} {} {} {}",
            name(host, counts, palette),
            count("ok", ok, Shade::Ok),
            count("changed", changed, Shade::Changed),
            count("unreachable", unreachable, Shade::Unreachable),
            count("failed", failed, Shade::Failed),
            count("skipped", skipped, Shade::Skipped),
            count("rescued", rescued, Shade::Ok),
            count("ignored", ignored, Shade::Warning),
        );
    }
    out
}

fn name(host: &str, counts: &HostStats, palette: Palette) -> String {
    if palette == Palette::Plain {
        return format!("{host:<26}");
    }
    let shade = if counts.failed > 0 || counts.unreachable > 0 {
        Shade::Failed
    } else if counts.changed > 0 {
        Shade::Changed
    } else {
        Shade::Ok
    };
    // the sequences of the colour count as characters of the column
    format!("{:<37}", shade.paint(palette, host))
}
