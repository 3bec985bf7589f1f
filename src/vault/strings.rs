//! Single encrypted values, as they stand in variables files.

/// A variable with its encrypted value, to be pasted into a YAML file; ends without a newline. Without a name it is the
/// value alone.
#[must_use]
pub fn encrypted_variable(name: Option<&str>, envelope: &str) -> String {
    let mut out = match name {
        Some(name) => format!("{name}: !vault |"),
        None => "!vault |".to_owned(),
    };
    for line in envelope.lines() {
        out.push_str("\n          ");
        out.push_str(line);
    }
    out
}
