//! What the registry's tests share: a sandbox with accounts in it, and images made from nothing.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use quaymaster::sandbox::Clock;
use quaymaster::sandbox::store::accounts::{self, NewAccount};
use quaymaster::sandbox::store::{
    AccountId, AccountKind, Db, Grantee, RepositoryRole, Store, StoreError, TeamRole, prototypes, robots, teams,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The robot's token in every test.
pub const ROBOT_TOKEN: &str = "ROBOTTOKENROBOTTOKENROBOTTOKENROBOTTOKEN";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse";

/// Fills a sandbox's state: user `admin`; organization `acme` with the robot `acme+ci` in a team of creators, the robot
/// `acme+reader` that default permissions let read, and the robot `acme+outsider` without rights; user `bob` with nothing.
pub fn seed(state: &Path) {
    let store = Store::open(state, Clock::default()).unwrap();
    store.write_blocking(accounts_and_rights).unwrap();
}

fn accounts_and_rights(db: &Db<'_>) -> Result<(), StoreError> {
    let admin = account(db, AccountKind::User, "admin")?;
    account(db, AccountKind::User, "bob")?;
    let acme = account(db, AccountKind::Organization, "acme")?;
    let owners = teams::create(db, acme, "owners", TeamRole::Admin, "")?;
    teams::add_member(db, owners, admin)?;
    let creators = teams::create(db, acme, "creators", TeamRole::Creator, "")?;
    let ci = robots::create(db, acme, "acme+ci", ROBOT_TOKEN, "", "{}")?;
    teams::add_member(db, creators, ci)?;
    let reader = robots::create(db, acme, "acme+reader", ROBOT_TOKEN, "", "{}")?;
    prototypes::create(db, acme, None, Grantee::Account(reader), RepositoryRole::Read)?;
    robots::create(db, acme, "acme+outsider", ROBOT_TOKEN, "", "{}")?;
    Ok(())
}

fn account(db: &Db<'_>, kind: AccountKind, name: &str) -> Result<AccountId, StoreError> {
    let hash = (kind == AccountKind::User).then(|| bcrypt::hash(PASSWORD, 4).unwrap());
    let new = NewAccount {
        kind,
        name,
        email: None,
        password_hash: hash.as_deref(),
        tag_expiration_s: 1_209_600,
        prompts: "",
        verified: true,
    };
    accounts::create(db, &new)
}

/// `sha256:…` of bytes.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// An image layout as `skopeo` reads and writes it (`oci:FOLDER:TAG`).
pub struct Layout {
    pub folder: PathBuf,
    entries: Vec<Value>,
}

impl Layout {
    /// An empty one.
    pub fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { folder, entries: Vec::new() }
    }

    /// Adds an image of some layers, each a file with its text, under a tag.
    pub fn image(&mut self, tag: &str, architecture: &str, layers: &[&str]) -> String {
        let descriptor = self.manifest(architecture, layers);
        self.tag(tag, descriptor)
    }

    /// Adds an index of images for several architectures.
    pub fn index(&mut self, tag: &str, images: &[(&str, &[&str])]) -> String {
        let manifests: Vec<Value> = images
            .iter()
            .map(|(architecture, layers)| {
                let mut descriptor = self.manifest(architecture, layers);
                descriptor["platform"] = json!({ "architecture": architecture, "os": "linux" });
                descriptor
            })
            .collect();
        let kind = "application/vnd.oci.image.index.v1+json";
        let index = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": manifests });
        let descriptor = self.blob(kind, index.to_string().as_bytes());
        self.tag(tag, descriptor)
    }

    fn tag(&mut self, tag: &str, mut descriptor: Value) -> String {
        let digest = descriptor["digest"].as_str().unwrap().to_owned();
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        self.entries.push(descriptor);
        let index = json!({ "schemaVersion": 2, "manifests": self.entries });
        fs::write(self.folder.join("index.json"), index.to_string()).unwrap();
        digest
    }

    fn manifest(&self, architecture: &str, layers: &[&str]) -> Value {
        let mut diffs = Vec::new();
        let mut descriptors = Vec::new();
        for (number, text) in layers.iter().enumerate() {
            let tar = tar(&format!("layer{number}.txt"), text.as_bytes());
            diffs.push(digest(&tar));
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&tar).unwrap();
            let packed = gzip.finish().unwrap();
            descriptors.push(self.blob("application/vnd.oci.image.layer.v1.tar+gzip", &packed));
        }
        let config = json!({
            "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": { "Cmd": ["/hello"], "Labels": { "who": "tests" } },
            "rootfs": { "type": "layers", "diff_ids": diffs },
            "history": layers.iter().map(|_| json!({ "created_by": "tests" })).collect::<Vec<_>>(),
        });
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": descriptors });
        self.blob(kind, manifest.to_string().as_bytes())
    }

    fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        let hex = digest.strip_prefix("sha256:").unwrap();
        fs::write(self.folder.join("blobs/sha256").join(hex), bytes).unwrap();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }
}

/// A tar archive with one file.
pub fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = header.to_vec();
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}
