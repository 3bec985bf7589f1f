//! Fingerprints of keys, as `gpg` lists them.

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// The fingerprints of the primary keys in a list with colons.
pub(super) fn fingerprints(text: &str) -> Vec<String> {
    let mut primary = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        match fields.next() {
            Some("pub") => primary = true,
            Some("sub") => primary = false,
            Some("fpr") if primary => {
                found.extend(fields.nth(8).map(str::to_uppercase));
                primary = false;
            }
            _ => {}
        }
    }
    found
}

/// The fingerprints of the keys in a file's content, armored or not.
pub(super) fn fingerprints_of(bytes: &[u8], ctx: &Ctx) -> Result<Vec<String>, ModuleError> {
    let cannot = |error| ModuleError::because("cannot make a folder for GnuPG", error);
    let home = tempfile::Builder::new().prefix("gpg.").tempdir_in(ctx.temporary()).map_err(cannot)?;
    let argv = ["gpg", "--batch", "--no-tty", "--with-colons", "--show-keys"];
    let process = ctx.command(argv).env("LC_ALL", "C").env("GNUPGHOME", &home.path().to_string_lossy());
    let output = process.stdin(bytes.to_vec()).run()?.success("reading the key")?;
    let found = fingerprints(&output.out());
    if found.is_empty() {
        return Err(ModuleError::new("there is no public key in what was given"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_keys_are_listed() {
        let text = "pub:-:4096:1:DCC9EFBF77E11517:1:::-:::scSC::::::23::0:\nfpr:::::::::80D15823b7fd1561:\n\
                    sub:-:4096:1:DC30D7C23CBBABEE:1::::::e::::::23:\nfpr:::::::::4CB50190207B4758:\n";
        assert_eq!(fingerprints(text), ["80D15823B7FD1561"]);
    }
}
