//! Which Linux it is.

use super::{Facts, read};
use crate::value::{Map, Value};

type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

/// By `ID` of `os-release`: Ansible's name, its family, the file that Ansible reads it from and what it calls that file.
const KNOWN: &[(&str, &str, &str, &str, &str)] = &[
    ("almalinux", "AlmaLinux", "RedHat", "/etc/redhat-release", "RedHat"),
    ("alpine", "Alpine", "Alpine", "/etc/alpine-release", "Alpine"),
    ("amzn", "Amazon", "RedHat", "/etc/os-release", "Amazon"),
    ("arch", "Archlinux", "Archlinux", "/etc/arch-release", "Archlinux"),
    ("centos", "CentOS", "RedHat", "/etc/centos-release", "CentOS"),
    ("debian", "Debian", "Debian", "/etc/os-release", "Debian"),
    ("deepin", "Deepin", "Debian", "/etc/os-release", "Debian"),
    ("devuan", "Devuan", "Debian", "/etc/os-release", "Debian"),
    ("fedora", "Fedora", "RedHat", "/etc/redhat-release", "RedHat"),
    ("flatcar", "Flatcar", "Flatcar", "/etc/os-release", "Flatcar"),
    ("gentoo", "Gentoo", "Gentoo", "/etc/gentoo-release", "Gentoo"),
    ("kali", "Kali", "Debian", "/etc/os-release", "Debian"),
    ("linuxmint", "Linux Mint", "Debian", "/etc/os-release", "Debian"),
    ("manjaro", "Manjaro", "Archlinux", "/etc/arch-release", "Archlinux"),
    ("ol", "OracleLinux", "RedHat", "/etc/oracle-release", "OracleLinux"),
    ("opensuse-leap", "openSUSE Leap", "Suse", "/etc/os-release", "SUSE"),
    ("opensuse-microos", "openSUSE MicroOS", "Suse", "/etc/os-release", "SUSE"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse", "/etc/os-release", "SUSE"),
    ("openEuler", "openEuler", "RedHat", "/etc/os-release", "NA"),
    ("parrot", "Parrot", "Debian", "/etc/os-release", "Debian"),
    ("pop", "Pop!_OS", "Debian", "/etc/os-release", "Debian"),
    ("raspbian", "Debian", "Debian", "/etc/os-release", "Debian"),
    ("rhel", "RedHat", "RedHat", "/etc/redhat-release", "RedHat"),
    ("rocky", "Rocky", "RedHat", "/etc/redhat-release", "RedHat"),
    ("sled", "SLED", "Suse", "/etc/os-release", "SUSE"),
    ("sles", "SLES", "Suse", "/etc/os-release", "SUSE"),
    ("sles_sap", "SLES_SAP", "Suse", "/etc/os-release", "SUSE"),
    ("steamos", "SteamOS", "Debian", "/etc/os-release", "Debian"),
    ("ubuntu", "Ubuntu", "Debian", "/etc/os-release", "Debian"),
];

pub(super) fn distribution(facts: &mut Facts, file: Read<'_>) {
    let text = file("/etc/os-release").or_else(|| file("/usr/lib/os-release")).unwrap_or_default();
    let said = |key: &str| read::assignment(&text, key);
    let id = said("ID").unwrap_or_default();
    let known = KNOWN.iter().find(|(known, ..)| *known == id);
    let (name, family, path, variety) = if let Some((_, name, family, path, variety)) = known {
        ((*name).to_owned(), *family, *path, *variety)
    } else {
        // an unknown one belongs to the family that it says it is like
        let like = said("ID_LIKE").unwrap_or_default();
        let family = like.split(' ').find_map(|word| KNOWN.iter().find(|(known, ..)| *known == word));
        let name = said("NAME").unwrap_or_else(|| "NA".to_owned());
        match family {
            Some((.., family, path, variety)) => (name, *family, *path, *variety),
            None => (name, "", "/etc/os-release", "NA"),
        }
    };
    let version = version(&id, &text, file);
    let major = version.split('.').next().unwrap_or_default().to_owned();
    let codename = said("VERSION_CODENAME").or_else(|| said("UBUNTU_CODENAME")).or_else(|| {
        let version = said("VERSION")?;
        let (_, inner) = version.split_once('(')?;
        Some(inner.split(')').next()?.to_owned())
    });
    let mut release = codename.filter(|name| !name.is_empty()).unwrap_or_else(|| "NA".to_owned());
    let mut minor = None;
    match id.as_str() {
        "debian" | "raspbian" => {
            let exact = file("/etc/debian_version").unwrap_or_default();
            minor = exact.split_once('.').map(|(_, minor)| minor.to_owned());
        }
        "centos" if file("/etc/centos-release").is_some_and(|text| text.contains("Stream")) => {
            "Stream".clone_into(&mut release);
        }
        "amzn" => minor = Some(version.split_once('.').map_or("NA", |(_, minor)| minor).to_owned()),
        "sles" | "sled" | "sles_sap" => {
            version.split_once('.').map_or("0", |(_, minor)| minor).clone_into(&mut release);
        }
        id if id.starts_with("opensuse") => {
            version.split_once('.').map_or("", |(_, minor)| minor).clone_into(&mut release);
        }
        _ => {}
    }
    facts.set("os_family", if family.is_empty() { name.as_str() } else { family });
    facts.set("distribution", name);
    facts.set("distribution_version", version);
    facts.set("distribution_major_version", if major.is_empty() { "NA" } else { &major });
    facts.set("distribution_release", release);
    if let Some(minor) = minor {
        facts.set("distribution_minor_version", minor);
    }
    facts.set("distribution_file_path", path);
    facts.set("distribution_file_variety", variety);
    facts.set("distribution_file_parsed", true);
}

/// The version, where a release file knows it better than `os-release` from there.
fn version(id: &str, text: &str, file: Read<'_>) -> String {
    let said = read::assignment(text, "VERSION_ID");
    let better = match id {
        "debian" => file("/etc/debian_version").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())),
        "alpine" => file("/etc/alpine-release"),
        "centos" => file("/etc/centos-release").and_then(|text| {
            let word = text.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
            Some(word.split('.').take(2).collect::<Vec<_>>().join("."))
        }),
        _ => None,
    };
    better.or(said).filter(|version| !version.is_empty()).unwrap_or_else(|| "NA".to_owned())
}

/// The Linux Standard Base's view, where the host has it.
pub(super) fn lsb(facts: &mut Facts, file: Read<'_>) {
    let mut map = Map::new();
    let release = if let Some(text) = file("/etc/lsb-release") {
        let said = |key: &str| read::assignment(&text, key);
        add(&mut map, "id", said("DISTRIB_ID"));
        add(&mut map, "description", said("DISTRIB_DESCRIPTION"));
        add(&mut map, "codename", said("DISTRIB_CODENAME"));
        said("DISTRIB_RELEASE")
    } else if std::path::Path::new("/usr/bin/lsb_release").exists() {
        // that program reads the same file
        let text = file("/etc/os-release").unwrap_or_default();
        let said = |key: &str| read::assignment(&text, key);
        let id = said("ID").map(|id| {
            let known = KNOWN.iter().find(|(known, ..)| *known == id);
            known.map_or(id, |(_, name, ..)| (*name).to_owned())
        });
        add(&mut map, "id", id);
        add(&mut map, "description", said("PRETTY_NAME"));
        add(&mut map, "codename", said("VERSION_CODENAME"));
        said("VERSION_ID")
    } else {
        None
    };
    if let Some(release) = release {
        add(&mut map, "major_release", release.split('.').next().map(str::to_owned));
        add(&mut map, "release", Some(release));
    }
    facts.set("lsb", map);
}

fn add(map: &mut Map, key: &str, value: Option<String>) {
    if let Some(value) = value {
        map.insert(key.into(), Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Facts {
        let mut facts = Facts::default();
        let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        distribution(&mut facts, &read);
        facts
    }

    fn told(facts: &Facts) -> [&str; 5] {
        ["distribution", "os_family", "distribution_version", "distribution_major_version", "distribution_release"]
            .map(|name| facts.text(name))
    }

    #[test]
    fn well_known_distributions() {
        let debian = of(&[
            ("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n"),
            ("/etc/debian_version", "12.11"),
        ]);
        assert_eq!(told(&debian), ["Debian", "Debian", "12.11", "12", "bookworm"]);
        assert_eq!(debian.text("distribution_minor_version"), "11");
        let rhel = of(&[("/etc/os-release", "ID=\"rhel\"\nVERSION=\"9.3 (Plow)\"\nVERSION_ID=\"9.3\"\n")]);
        assert_eq!(told(&rhel), ["RedHat", "RedHat", "9.3", "9", "Plow"]);
        let stream = of(&[
            ("/etc/os-release", "ID=centos\nVERSION_ID=\"9\"\n"),
            ("/etc/centos-release", "CentOS Stream release 9"),
        ]);
        assert_eq!(told(&stream), ["CentOS", "RedHat", "9", "9", "Stream"]);
        let alpine = of(&[("/etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"), ("/etc/alpine-release", "3.20.1")]);
        assert_eq!(told(&alpine), ["Alpine", "Alpine", "3.20.1", "3", "NA"]);
        let other = of(&[("/etc/os-release", "ID=tuned\nNAME=Tuned\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=1.2\n")]);
        assert_eq!(told(&other), ["Tuned", "Debian", "1.2", "1", "NA"]);
    }
}
