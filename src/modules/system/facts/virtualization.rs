//! Containers and virtual machines.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Facts, dmi, read};
use crate::value::Value;

/// What was found so far: the first finding gives the type and the role.
#[derive(Default)]
struct Found {
    first: Option<(String, &'static str)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Found {
    fn guest(&mut self, kind: &str) {
        self.guest.insert(kind.to_owned());
        self.first.get_or_insert_with(|| (kind.to_owned(), "guest"));
    }

    fn host(&mut self, kind: &str) {
        self.host.insert(kind.to_owned());
        self.first.get_or_insert_with(|| (kind.to_owned(), "host"));
    }
}

pub(super) fn virtualization(facts: &mut Facts) {
    let mut found = Found::default();
    containers(&mut found);
    machines(&mut found);
    let modules = read::file("/proc/modules").unwrap_or_default();
    let loaded = |name: &str| modules.lines().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") {
        found.host("kvm");
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    if loaded("virtio") {
        found.host.insert("kvm".to_owned());
        found.first.get_or_insert_with(|| ("kvm".to_owned(), "guest"));
    }
    if Path::new("/dev/kvm").exists() {
        found.host("kvm");
    }
    let (kind, role) = found.first.unwrap_or_else(|| ("NA".to_owned(), "NA"));
    let list = |names: BTreeSet<String>| Value::list(names.into_iter().map(Value::from).collect());
    facts.set("virtualization_type", kind);
    facts.set("virtualization_role", role);
    facts.set("virtualization_tech_guest", list(found.guest));
    facts.set("virtualization_tech_host", list(found.host));
}

fn containers(found: &mut Found) {
    let groups = read::file("/proc/1/cgroup").unwrap_or_default();
    for line in groups.lines() {
        if line.contains("/docker/") || line.contains("/docker-") {
            found.guest("docker");
        }
        if line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc") {
            found.guest("lxc");
        }
        if line.contains("/system.slice/containerd.service") {
            found.guest("containerd");
        }
    }
    let environment = fs::read("/proc/1/environ").unwrap_or_default();
    for variable in environment.split(|byte| *byte == 0).map(String::from_utf8_lossy) {
        if variable.contains("container=lxc") {
            found.guest("lxc");
        }
        if variable.contains("container=podman") {
            found.guest("podman");
        }
        if variable.strip_prefix("container=").is_some_and(|name| !name.is_empty()) {
            found.guest("container");
        }
    }
    if Path::new("/proc/vz").exists() && !Path::new("/proc/lve").exists() {
        if Path::new("/proc/bc").exists() {
            found.host("openvz");
        } else {
            found.guest("openvz");
        }
    }
    if let Some(name) = read::file("/run/systemd/container") {
        found.guest(&name);
        found.guest("container");
    }
    if Path::new("/.dockerenv").exists() || Path::new("/.dockerinit").exists() {
        found.guest("docker");
    }
    if ["docker", "lxc", "podman", "openvz", "containerd"].iter().any(|name| found.guest.contains(*name)) {
        found.guest("container");
    }
    if Path::new("/proc/xen").exists() {
        if read::file("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d")) {
            found.host("xen");
        } else {
            found.first.get_or_insert_with(|| ("xen".to_owned(), "guest"));
        }
    }
}

fn machines(found: &mut Found) {
    let product = dmi::text("product_name").unwrap_or_default();
    let vendor = dmi::text("sys_vendor").unwrap_or_default();
    let family = dmi::text("product_family").unwrap_or_default();
    let bios = dmi::text("bios_vendor").unwrap_or_default();
    if matches!(product.as_str(), "KVM" | "KVM Server" | "Bochs" | "AHV" | "CloudStack KVM Hypervisor") {
        found.guest("kvm");
    }
    match (vendor.as_str(), family.as_str(), product.as_str()) {
        ("oVirt", ..) => found.guest("oVirt"),
        ("Red Hat", "RHV", _) => found.guest("RHV"),
        ("Red Hat", _, "RHEV Hypervisor") => found.guest("RHEV"),
        _ => {}
    }
    if product.starts_with("VMware") {
        found.guest("VMware");
    }
    if matches!(product.as_str(), "OpenStack Compute" | "OpenStack Nova") {
        found.guest("openstack");
    }
    match bios.as_str() {
        "Xen" => found.guest("xen"),
        "innotek GmbH" => found.guest("virtualbox"),
        "Amazon EC2" | "DigitalOcean" | "Hetzner" | "Linode" => found.guest("kvm"),
        _ => {}
    }
    match vendor.as_str() {
        "QEMU" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix" => found.guest("kvm"),
        "KubeVirt" => found.guest("KubeVirt"),
        "Microsoft Corporation" => found.guest("VirtualPC"),
        "Parallels Software International Inc." => found.guest("parallels"),
        "OpenStack Foundation" => found.guest("openstack"),
        _ => {}
    }
    let processors = read::file("/proc/cpuinfo").unwrap_or_default();
    for line in processors.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        match key.trim() {
            "model name" if value.contains("QEMU Virtual CPU") => found.guest("kvm"),
            "model name" if value.contains("UML") => found.guest("uml"),
            "vendor_id" if value.contains("User Mode Linux") => found.guest("uml"),
            "vendor_id" if value.contains("PowerVM Lx86") => found.guest("powervm_lx86"),
            "vendor_id" if value.contains("IBM/S390") => {
                found.guest.insert("PR/SM".to_owned());
                found.first.get_or_insert_with(|| ("PR/SM".to_owned(), "LPAR"));
            }
            _ => {}
        }
    }
}
