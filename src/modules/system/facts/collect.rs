//! The collectors and what they fill.

use super::{devices, distribution, hardware, local, network, platform, read, software, time, user, virtualization};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::{Key, Map, Value};

/// What a collector is given beside the host.
pub(in crate::modules::system) struct Request<'r> {
    /// Folder of local facts.
    pub(in crate::modules::system) fact_path: &'r str,
    /// Seconds that an executable local fact may take.
    pub(in crate::modules::system) timeout: u32,
}

/// Facts found so far, by name without the prefix.
#[derive(Debug, Default)]
pub(in crate::modules::system) struct Facts(pub(super) Map);

impl Facts {
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(Key::from(name), value.into());
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The facts with their prefix.
    pub(in crate::modules::system) fn prefixed(self) -> Map {
        self.0.into_iter().map(|(name, value)| (Key::from(format!("ansible_{name}")), value)).collect()
    }
}

/// A source of facts.
enum Collect {
    /// Leaves out what it cannot read.
    Plain(fn(&mut Facts)),
    /// Needs the context.
    WithCtx(fn(&mut Facts, &mut Ctx) -> Result<(), ModuleError>),
    /// Needs the request too.
    Asked(fn(&mut Facts, &Request<'_>, &mut Ctx)),
}

/// The collectors in the order they run: later ones may use facts of earlier ones.
const COLLECTORS: &[(&str, Collect)] = &[
    ("platform", Collect::Plain(platform::platform)),
    ("distribution", Collect::Plain(|facts| distribution::distribution(facts, &read::file))),
    ("lsb", Collect::Plain(|facts| distribution::lsb(facts, &read::file))),
    ("selinux", Collect::Plain(software::selinux)),
    ("apparmor", Collect::Plain(software::apparmor)),
    ("chroot", Collect::Plain(software::chroot)),
    ("fips", Collect::Plain(software::fips)),
    ("pkg_mgr", Collect::Plain(software::pkg_mgr)),
    ("service_mgr", Collect::Plain(software::service_mgr)),
    ("cmdline", Collect::Plain(platform::cmdline)),
    ("date_time", Collect::Plain(|facts| time::date_time(facts, &jiff::Zoned::now()))),
    ("env", Collect::Asked(|facts, _, ctx| user::env(facts, ctx))),
    ("loadavg", Collect::Plain(platform::loadavg)),
    ("ssh_pub_keys", Collect::Plain(platform::ssh_pub_keys)),
    ("user", Collect::WithCtx(|facts, ctx| user::user(facts, ctx))),
    ("virtual", Collect::Plain(virtualization::virtualization)),
    ("hardware", Collect::Plain(hardware::hardware)),
    ("hardware", Collect::Plain(devices::devices)),
    ("dns", Collect::Plain(network::dns)),
    ("network", Collect::WithCtx(|facts, _| network::network(facts))),
    ("local", Collect::Asked(local::local)),
];

/// Gathers the facts of these collectors.
pub(in crate::modules::system) fn gather(
    names: &[&str],
    request: &Request<'_>,
    ctx: &mut Ctx,
) -> Result<Facts, ModuleError> {
    let mut facts = Facts::default();
    for (name, collect) in COLLECTORS {
        // the package and service managers are told by the distribution
        if names.contains(name) || *name == "distribution" && names.contains(&"pkg_mgr") {
            match collect {
                Collect::Plain(collect) => collect(&mut facts),
                Collect::WithCtx(collect) => collect(&mut facts, ctx)?,
                Collect::Asked(collect) => collect(&mut facts, request, ctx),
            }
        }
    }
    Ok(facts)
}
