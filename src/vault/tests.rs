use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::diag::{RenderStyle, SourceMap, render};
use crate::value::{Secret, Trust, Value};

const V11: &str = include_str!("../../tests/data/vault/v11.yml");
const V12: &str = include_str!("../../tests/data/vault/v12.yml");
const BINARY: &[u8] = include_bytes!("../../tests/data/vault/binary.vault");
const EMPTY: &[u8] = include_bytes!("../../tests/data/vault/empty.vault");
const PLAIN: &str = include_str!("../../tests/data/vault/plain.yml");
const PASSWORD: &str = "correct horse battery staple";

fn secrets(passwords: &[(&str, &str)]) -> VaultSecrets {
    VaultSecrets::new(passwords.iter().map(|(id, password)| ((*id).to_owned(), Secret::new(*password))).collect())
}

#[test]
fn what_ansible_vault_made_is_opened() {
    let secrets = secrets(&[("default", PASSWORD)]);
    assert_eq!(secrets.decrypt(V11).unwrap().expose(), PLAIN);
    assert_eq!(secrets.decrypt(V12).unwrap().expose(), PLAIN);
    assert_eq!(secrets.open(EMPTY).unwrap().bytes.len(), 0);
    let bytes: Vec<u8> = (0..=255).cycle().take(768).collect();
    assert_eq!(*secrets.open(BINARY).unwrap().bytes, bytes);
    assert_eq!(secrets.decrypt(std::str::from_utf8(BINARY).unwrap()), Err(VaultError::NotText));
}

#[test]
fn the_password_of_the_own_id_is_tried_first_and_the_others_after() {
    let both = secrets(&[("dev", "wrong"), ("prod", PASSWORD)]);
    assert_eq!(both.open(V12.as_bytes()).unwrap().id, "prod");
    let misnamed = secrets(&[("prod", "wrong"), ("dev", PASSWORD)]);
    assert_eq!(misnamed.open(V12.as_bytes()).unwrap().id, "dev");
    assert_eq!(misnamed.matching_ids_only().decrypt(V12), Err(VaultError::WrongPassword));
    assert_eq!(secrets(&[("prod", "wrong")]).decrypt(V12), Err(VaultError::WrongPassword));
    assert_eq!(VaultSecrets::default().decrypt(V12), Err(VaultError::NoPassword));
}

#[test]
fn a_damaged_envelope_does_not_open() {
    let secrets = secrets(&[("default", PASSWORD)]);
    // one digit of the ciphertext changed: its HMAC no longer fits
    let last = V11.trim_end().len() - 1;
    let digit = if &V11[last..=last] == "0" { "1" } else { "0" };
    let damaged = format!("{}{digit}\n", &V11[..last]);
    assert_eq!(secrets.decrypt(&damaged), Err(VaultError::WrongPassword));
    assert_eq!(secrets.decrypt("plain"), Err(VaultError::NotEncrypted));
}

#[test]
fn whole_files_are_opened_where_they_are_encrypted() {
    let secrets = secrets(&[("default", PASSWORD)]);
    let (text, encrypted) = secrets.open_text(V11).unwrap();
    assert_eq!((text.expose(), encrypted), (PLAIN, true));
    let (text, encrypted) = secrets.open_text("a: 1\n").unwrap();
    assert_eq!((text.expose(), encrypted), ("a: 1\n", false));
}

#[test]
fn the_id_to_encrypt_with_must_be_clear() {
    let one = secrets(&[("prod", PASSWORD)]);
    assert!(one.encrypt(b"x", None).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    let two = secrets(&[("prod", PASSWORD), ("dev", "d")]);
    assert_eq!(two.encrypt(b"x", None), Err(VaultError::AmbiguousId(vec!["prod".to_owned(), "dev".to_owned()])));
    assert_eq!(two.open(two.encrypt(b"x", Some("dev")).unwrap().as_bytes()).unwrap().id, "dev");
    assert!(matches!(two.encrypt(b"x", Some("test")), Err(VaultError::UnknownId { .. })));
    assert_eq!(one.encrypt(V11.as_bytes(), None), Err(VaultError::AlreadyEncrypted));
}

#[test]
fn passwords_are_never_shown() {
    let shown = format!("{:?} {:?}", secrets(&[("prod", PASSWORD)]), Password::new(PASSWORD));
    assert_eq!(shown, "[\"prod\"] ********");
}

fn load(sources: &[PasswordSource], answers: &[&str]) -> (Result<Vec<(String, Password)>, PasswordError>, Vec<String>) {
    let mut asked = Vec::new();
    let mut answers = answers.iter();
    let mut ask = |question: &str| {
        asked.push(question.to_owned());
        answers.next().map(|answer| Secret::new(*answer)).ok_or_else(|| io::Error::other("no answer"))
    };
    let mut warnings = Vec::new();
    let loaded = load_passwords(sources, Prompt::New, &mut ask, &mut warnings);
    let warned = warnings.iter().map(ToString::to_string);
    let log = asked.into_iter().chain(warned).collect();
    (loaded, log)
}

#[test]
fn passwords_come_from_files_scripts_and_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let file = write("file", "  secret one\n\n", 0o600);
    let script = write("script", "#!/bin/sh\nprintf 'from script\\n'\n", 0o700);
    let client = write("my-client.sh", "#!/bin/sh\n[ \"$2\" = nobody ] && exit 2\necho \"$1 $2\"\n", 0o700);
    let failing = write("failing", "#!/bin/sh\nexit 3\n", 0o700);
    let sources: Vec<_> = [
        file.clone(),
        format!("a@{script}"),
        format!("b@{client}"),
        format!("nobody@{client}"),
        format!("c@{failing}"),
        "d@/does/not/exist".to_owned(),
        "e@prompt".to_owned(),
    ]
    .iter()
    .map(|text| PasswordSource::parse(text))
    .collect();
    let (loaded, log) = load(&sources, &["typed ", "typed"]);
    let expected = [("default", "secret one"), ("a", "from script"), ("b", "--vault-id b"), ("e", "typed")];
    let expected: Vec<_> = expected.iter().map(|(id, text)| ((*id).to_owned(), Password::new(*text))).collect();
    assert_eq!(loaded.unwrap(), expected);
    assert_eq!(
        log,
        [
            "New vault password (e): ".to_owned(),
            "Confirm new vault password (e): ".to_owned(),
            format!("the Vault password script `{client}` knows no password for the vault id `nobody`"),
            format!("the Vault password script `{failing}` failed: exit status: 3"),
            "the Vault password file `/does/not/exist` was not found".to_owned(),
        ]
    );
    assert!(matches!(load(&[PasswordSource::ask()], &["one", "two"]).0, Err(PasswordError::Mismatch)));
    assert!(matches!(load(&[PasswordSource::ask()], &["", ""]).0, Err(PasswordError::Empty(_))));
    assert!(matches!(load(&[PasswordSource::file("/does/not/exist")], &[]).0, Err(PasswordError::NotFound(_))));
}

#[test]
fn a_password_file_may_be_encrypted_with_an_earlier_password() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::write(&inner, secrets(&[("default", "outer")]).encrypt(b"inner\n", None).unwrap()).unwrap();
    let outer = folder.path().join("outer");
    fs::write(&outer, "outer\n").unwrap();
    let (loaded, _) = load(&[PasswordSource::file(&outer), PasswordSource::file(&inner)], &[]);
    assert_eq!(loaded.unwrap()[1].1, Password::new("inner"));
}

#[test]
fn an_encrypted_document_is_secret_and_its_text_stays_out_of_messages() {
    let secrets = secrets(&[("default", PASSWORD)]);
    let sources = SourceMap::new();
    let mut warnings = Vec::new();
    let node = read_document(&sources, "vars.yml", V11, &secrets, &mut warnings).unwrap();
    match node.get("quay_password").unwrap().to_value() {
        Value::Str(text) => assert!(text.is_secret() && text.origin().trust == Trust::Template),
        other => panic!("{other:?}"),
    }
    assert_eq!(secrets.redactor().redact("it is pässword one"), "it is ********");
    let broken = secrets.encrypt(b"a: hunter2 b: c\n", None).unwrap();
    let error = read_document(&sources, "vars.yml", &broken, &secrets, &mut warnings).unwrap_err();
    let shown = render(&error, &sources, RenderStyle::Plain);
    assert!(shown.contains("the decrypted content is not valid YAML\n --> vars.yml:1:13"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let twice = secrets.encrypt(b"hunter2: 1\nhunter2: 2\n", None).unwrap();
    read_document(&sources, "vars.yml", &twice, &secrets, &mut warnings).unwrap();
    assert_eq!(warnings.len(), 1);
    let closed = read_document(&sources, "vars.yml", V11, &VaultSecrets::default(), &mut warnings).unwrap_err();
    assert_eq!(closed.message, "cannot decrypt this: a Vault password is needed");
}

struct Scene {
    folder: tempfile::TempDir,
    vault: Vault,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        let vault = Vault::new(secrets(&[("prod", PASSWORD)]), folder.path().join("scratch"));
        Self { folder, vault }
    }

    fn file(&self, text: &str, mode: u32) -> std::path::PathBuf {
        let path = self.folder.path().join("secrets.yml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// Nothing is left in the folder for the editor, and nothing beside the file.
    fn is_clean(&self) -> bool {
        let count = |path: &Path| fs::read_dir(path).unwrap().count();
        count(&self.folder.path().join("scratch")) == 0 && count(self.folder.path()) == 2
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_goes_in_and_out() {
    let scene = Scene::new();
    let path = scene.file(PLAIN, 0o644);
    scene.vault.encrypt_file(&path, None, None).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(*scene.vault.view(&path).unwrap(), PLAIN.as_bytes());
    scene.vault.decrypt_file(&path, None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), PLAIN);
    assert_eq!(mode(&path), 0o600);
    assert!(scene.is_clean());
}

#[test]
fn a_link_stays_a_link() {
    let scene = Scene::new();
    let path = scene.file(PLAIN, 0o600);
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.yml");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    scene.vault.encrypt_file(&link, None, None).unwrap();
    assert!(link.is_symlink());
    assert!(is_encrypted(&fs::read(&path).unwrap()));
}

#[test]
fn editing_keeps_id_mode_and_an_unchanged_file() {
    let scene = Scene::new();
    let path = scene.file(V12, 0o640);
    let same = scene.vault.edit_file(&path, &mut |lent| {
        assert_eq!((mode(lent), mode(lent.parent().unwrap())), (0o600, 0o700));
        assert_eq!(lent.extension().unwrap(), "yml");
        Ok(())
    });
    assert!(!same.unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), V12);
    let changed = scene.vault.edit_file(&path, &mut |lent| {
        // as editors do: a backup, and a new file in place of the old
        fs::rename(lent, lent.with_extension("bak"))?;
        fs::write(lent, "changed")
    });
    assert!(changed.unwrap());
    assert!(fs::read_to_string(&path).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!(*scene.vault.view(&path).unwrap(), b"changed");
    assert_eq!(mode(&path), 0o640);
    assert!(scene.is_clean());
}

#[test]
fn a_failing_editor_changes_nothing_and_leaves_nothing() {
    let scene = Scene::new();
    let path = scene.file(V12, 0o640);
    let mut still_open = None;
    let failed = scene.vault.edit_file(&path, &mut |lent| {
        fs::OpenOptions::new().append(true).open(lent)?.write_all(b"half a secret")?;
        still_open = Some(fs::File::open(lent)?);
        Err(io::Error::other("exit status: 1"))
    });
    assert!(matches!(failed, Err(FileError::Editor { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), V12);
    assert!(scene.is_clean());
    let mut rest = Vec::new();
    io::Read::read_to_end(&mut still_open.unwrap(), &mut rest).unwrap();
    assert!(!rest.windows(6).any(|part| part == b"secret"), "the lent content was overwritten before it was removed");
}

#[test]
fn a_new_file_is_created_once() {
    let scene = Scene::new();
    let path = scene.folder.path().join("new.yml");
    scene.vault.create_file(&path, None, &mut |lent| fs::write(lent, "new")).unwrap();
    assert_eq!((mode(&path), scene.vault.view(&path).unwrap().as_slice()), (0o600, b"new".as_slice()));
    assert!(matches!(scene.vault.create_file(&path, None, &mut |_| Ok(())), Err(FileError::Exists(_))));
}

#[test]
fn rekeying_changes_password_and_id() {
    let scene = Scene::new();
    let path = scene.file(V12, 0o640);
    scene.vault.rekey_file(&path, &Password::new("new"), Some("dev")).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n"));
    assert_eq!(mode(&path), 0o640);
    assert!(matches!(scene.vault.view(&path), Err(FileError::Vault { source: VaultError::WrongPassword, .. })));
    let other = secrets(&[("x", "new")]);
    assert_eq!(*other.open(&fs::read(&path).unwrap()).unwrap().bytes, PLAIN.as_bytes());
}

#[test]
fn a_value_is_written_as_a_variable() {
    assert_eq!(
        encrypted_variable(Some("token"), "$ANSIBLE_VAULT;1.1;AES256\n6162\n"),
        "token: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162"
    );
    assert_eq!(encrypted_variable(None, "a\n"), "!vault |\n          a");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_sealed_opens_again(plain in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
        let secrets = secrets(&[("default", "p")]);
        let text = secrets.encrypt(&plain, None).unwrap();
        proptest::prop_assert_eq!(&*secrets.open(text.as_bytes()).unwrap().bytes, &plain);
    }
}
