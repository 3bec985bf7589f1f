//! The text of `/etc/fstab`: entries are found, put in and taken out; whatever else is there stays.

use super::mount_table::MountLine;

/// An entry as a task wants it, in clear text.
#[derive(Clone, Debug)]
pub(super) struct Entry<'o> {
    pub(super) src: &'o str,
    pub(super) path: &'o str,
    pub(super) fstype: &'o str,
    pub(super) opts: &'o str,
    pub(super) dump: &'o str,
    pub(super) passno: &'o str,
}

/// Blanks would end a field.
fn escape(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('&', "\\046")
}

impl Entry<'_> {
    fn line(&self) -> String {
        let Self { src, path, fstype, opts, dump, passno } = self;
        format!("{} {} {fstype} {} {dump} {passno}", escape(src), escape(path), escape(opts))
    }
}

/// Whether a line is the entry of a mount point. Swap areas share the mount point `none`, so that their device counts.
fn is_entry(line: &str, path: &str, src: Option<&str>) -> bool {
    MountLine::parse(line).is_some_and(|found| {
        let swap = found.fstype == "swap" && found.mount == "none" && src.is_some_and(|src| src != found.device);
        found.mount == path && !swap
    })
}

/// The text with the entry in it.
pub(super) fn with(text: &str, entry: &Entry<'_>) -> String {
    let mut found = false;
    let mut out = String::new();
    for line in text.lines() {
        if is_entry(line, entry.path, Some(entry.src)) {
            found = true;
            let fields: Vec<&str> = line.split_whitespace().collect();
            let new = entry.line();
            // blanks between the fields are the user's own
            let same = new.split(' ').eq(fields.iter().copied());
            out.push_str(if same { line } else { &new });
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    if !found {
        out.push_str(&entry.line());
        out.push('\n');
    }
    // a last line without its end is no change
    if out.strip_suffix('\n') == Some(text) { text.to_owned() } else { out }
}

/// The text without a mount point's entries.
pub(super) fn without(text: &str, path: &str, src: Option<&str>) -> String {
    text.split_inclusive('\n').filter(|line| !is_entry(line, path, src)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_change_and_go() {
        let entry = |opts| Entry { src: "LABEL=a b", path: "/mnt/a b", fstype: "ext4", opts, dump: "0", passno: "2" };
        let text = "# note\nproc\t/proc  proc defaults 0 0\nnonsense\n";
        let added = with(text, &entry("ro"));
        assert_eq!(added, format!("{text}LABEL=a\\040b /mnt/a\\040b ext4 ro 0 2\n"));
        assert_eq!(with(&added, &entry("ro")), added);
        assert!(with(&added, &entry("rw")).ends_with(" ext4 rw 0 2\n"));
        assert_eq!(without(&added, "/mnt/a b", None), text);
        let proc = Entry { src: "proc", path: "/proc", fstype: "proc", opts: "defaults", dump: "0", passno: "0" };
        assert_eq!(with(text, &proc), text);
        let swap = "/dev/a none swap sw 0 0\n";
        assert_eq!(without(swap, "none", Some("/dev/b")), swap);
        assert_eq!(without(swap, "none", Some("/dev/a")), "");
    }
}
