//! The table of modules, sorted by name.

use super::commands::{AsyncStatus, Command, Expect, Raw, RunScript, Shell};
use super::control::{
    AddHost, Assemble, Assert, Copy, Debug, Fail, Fetch, GroupBy, ImportPlaybook, ImportRole, ImportTasks, IncludeRole,
    IncludeTasks, IncludeVars, Meta, Package, Patch, Pause, Reboot, Script, SetFact, SetStats, Synchronize, Template,
    Unarchive, Uri, ValidateArgumentSpec, WaitForConnection,
};
use super::custom::{CustomModule, RunCustom};
use super::definition::ModuleDef;
use super::files::{
    Archive, AssembleFile, BlockInFile, CopyOnHost, File, Find, IniFile, InstallFile, LineInFile, PatchOnHost,
    ReadPiece, Replace, Slurp, Stat, SyncApply, SyncList, TempFile, UnpackOnHost,
};
use super::net::{GetUrl, UriRequest, WaitFor};
use super::packages::{
    Apt, AptKey, AptRepository, Deb822Repository, Debconf, Dnf, DpkgDivert, DpkgSelections, PackageFacts, Pip, RpmKey,
    YumRepository,
};
use super::quay::{
    QuayApiToken, QuayApplication, QuayDefaultPerm, QuayFirstUser, QuayOrganization, QuayPrune, QuayRepository,
    QuayRobot, QuayTag, QuayTeam, QuayUser,
};
use super::scm::Git;
use super::system::{
    Alternatives, AuthorizedKey, Cron, Firewalld, Getent, GroupModule, Hostname, Iptables, KnownHosts, LocaleGen,
    Modprobe, Mount, MountFacts, Ping, Service, ServiceFacts, Setup, Sysctl, SystemdService, Sysvinit, Timezone,
    UserModule,
};

/// The collection of the core modules.
const BUILTIN: &str = "ansible.builtin";

/// The collection of what many use and nobody else keeps.
const GENERAL: &str = "community.general";

/// The collection of what every Unix has.
const POSIX: &str = "ansible.posix";

/// The collection of our own modules.
const QUAY: &str = "quaymaster.quay";

/// The groups of `module_defaults` that take the connection of Quay modules: our own, and those of the collection whose
/// playbooks run unchanged. (`quay_api_token` is in none of them, as it has credentials of its own.)
const QUAY_GROUPS: &[&str] = &["quaymaster.quay.quay", "infra.quay_configuration.quay", "herve4m.quay.quay"];

/// Every module, sorted by name (a test checks it).
#[rustfmt::skip]
pub static MODULES: &[ModuleDef] = &[
    ModuleDef::controller::<AddHost>(BUILTIN, "add_host").open(),
    ModuleDef::managed::<Alternatives>(GENERAL, "alternatives"),
    ModuleDef::action::<Apt>(BUILTIN, "apt"),
    ModuleDef::managed::<AptKey>(BUILTIN, "apt_key"),
    ModuleDef::managed::<AptRepository>(BUILTIN, "apt_repository"),
    ModuleDef::managed::<Archive>(GENERAL, "archive"),
    ModuleDef::controller::<Assemble>(BUILTIN, "assemble"),
    ModuleDef::controller::<Assert>(BUILTIN, "assert"),
    ModuleDef::action::<AsyncStatus>(BUILTIN, "async_status").in_foreground(),
    ModuleDef::managed::<AuthorizedKey>(POSIX, "authorized_key"),
    ModuleDef::managed::<BlockInFile>(BUILTIN, "blockinfile"),
    ModuleDef::action::<Command>(BUILTIN, "command").raw("cmd"),
    ModuleDef::controller::<Copy>(BUILTIN, "copy"),
    ModuleDef::managed::<Cron>(BUILTIN, "cron"),
    ModuleDef::managed::<Deb822Repository>(BUILTIN, "deb822_repository"),
    ModuleDef::managed::<Debconf>(BUILTIN, "debconf"),
    ModuleDef::controller::<Debug>(BUILTIN, "debug"),
    ModuleDef::action::<Dnf>(BUILTIN, "dnf").aliases(&["yum", "dnf5"]),
    ModuleDef::managed::<DpkgDivert>(GENERAL, "dpkg_divert"),
    ModuleDef::managed::<DpkgSelections>(BUILTIN, "dpkg_selections"),
    ModuleDef::action::<Expect>(BUILTIN, "expect"),
    ModuleDef::controller::<Fail>(BUILTIN, "fail"),
    ModuleDef::controller::<Fetch>(BUILTIN, "fetch"),
    ModuleDef::managed::<File>(BUILTIN, "file"),
    ModuleDef::action::<Find>(BUILTIN, "find"),
    ModuleDef::managed::<Firewalld>(POSIX, "firewalld"),
    ModuleDef::managed::<GetUrl>(BUILTIN, "get_url"),
    ModuleDef::action::<Getent>(BUILTIN, "getent"),
    ModuleDef::managed::<Git>(BUILTIN, "git"),
    ModuleDef::managed::<GroupModule>(BUILTIN, "group"),
    ModuleDef::controller::<GroupBy>(BUILTIN, "group_by"),
    ModuleDef::managed::<Hostname>(BUILTIN, "hostname"),
    ModuleDef::engine::<ImportPlaybook>(BUILTIN, "import_playbook").raw("file"),
    ModuleDef::engine::<ImportRole>(BUILTIN, "import_role"),
    ModuleDef::engine::<ImportTasks>(BUILTIN, "import_tasks").raw("file"),
    ModuleDef::engine::<IncludeRole>(BUILTIN, "include_role"),
    ModuleDef::engine::<IncludeTasks>(BUILTIN, "include_tasks").raw("file"),
    ModuleDef::controller::<IncludeVars>(BUILTIN, "include_vars").raw("file"),
    ModuleDef::managed::<IniFile>(GENERAL, "ini_file"),
    ModuleDef::managed::<Iptables>(BUILTIN, "iptables"),
    ModuleDef::managed::<KnownHosts>(BUILTIN, "known_hosts"),
    ModuleDef::managed::<LineInFile>(BUILTIN, "lineinfile"),
    ModuleDef::managed::<LocaleGen>(GENERAL, "locale_gen"),
    ModuleDef::engine::<Meta>(BUILTIN, "meta").raw("free_form"),
    ModuleDef::managed::<Modprobe>(GENERAL, "modprobe"),
    ModuleDef::managed::<Mount>(POSIX, "mount"),
    ModuleDef::action::<MountFacts>(BUILTIN, "mount_facts"),
    ModuleDef::controller::<Package>(BUILTIN, "package").open().in_background(),
    ModuleDef::action::<PackageFacts>(BUILTIN, "package_facts"),
    ModuleDef::controller::<Patch>(POSIX, "patch"),
    ModuleDef::controller::<Pause>(BUILTIN, "pause"),
    ModuleDef::action::<Ping>(BUILTIN, "ping"),
    ModuleDef::action::<Pip>(BUILTIN, "pip"),
    ModuleDef::managed::<QuayApiToken>(QUAY, "quay_api_token").aliases(&["infra.quay_configuration.quay_api_token", "herve4m.quay.quay_api_token"]),
    ModuleDef::managed::<QuayApplication>(QUAY, "quay_application").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_application", "herve4m.quay.quay_application"]),
    ModuleDef::managed::<QuayDefaultPerm>(QUAY, "quay_default_perm").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_default_perm", "herve4m.quay.quay_default_perm", "quay_prototype", "quaymaster.quay.quay_prototype"]),
    ModuleDef::managed::<QuayFirstUser>(QUAY, "quay_first_user").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_first_user", "herve4m.quay.quay_first_user"]),
    ModuleDef::managed::<QuayOrganization>(QUAY, "quay_organization").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_organization", "herve4m.quay.quay_organization"]),
    ModuleDef::action::<QuayPrune>(QUAY, "quay_prune").groups(QUAY_GROUPS),
    ModuleDef::managed::<QuayRepository>(QUAY, "quay_repository").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_repository", "herve4m.quay.quay_repository"]),
    ModuleDef::managed::<QuayRobot>(QUAY, "quay_robot").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_robot", "herve4m.quay.quay_robot"]),
    ModuleDef::managed::<QuayTag>(QUAY, "quay_tag").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_tag", "herve4m.quay.quay_tag"]),
    ModuleDef::managed::<QuayTeam>(QUAY, "quay_team").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_team", "herve4m.quay.quay_team"]),
    ModuleDef::managed::<QuayUser>(QUAY, "quay_user").groups(QUAY_GROUPS).aliases(&["infra.quay_configuration.quay_user", "herve4m.quay.quay_user"]),
    ModuleDef::action::<Raw>(BUILTIN, "raw").raw("free_form"),
    ModuleDef::controller::<Reboot>(BUILTIN, "reboot").outlives(),
    ModuleDef::managed::<Replace>(BUILTIN, "replace"),
    ModuleDef::managed::<RpmKey>(BUILTIN, "rpm_key"),
    ModuleDef::controller::<Script>(BUILTIN, "script").raw("cmd"),
    ModuleDef::managed::<Service>(BUILTIN, "service"),
    ModuleDef::action::<ServiceFacts>(BUILTIN, "service_facts"),
    ModuleDef::controller::<SetFact>(BUILTIN, "set_fact").open(),
    ModuleDef::controller::<SetStats>(BUILTIN, "set_stats"),
    ModuleDef::action::<Setup>(BUILTIN, "setup").aliases(&["gather_facts"]),
    ModuleDef::action::<Shell>(BUILTIN, "shell").raw("cmd"),
    ModuleDef::action::<Slurp>(BUILTIN, "slurp"),
    ModuleDef::action::<Stat>(BUILTIN, "stat"),
    ModuleDef::controller::<Synchronize>(POSIX, "synchronize"),
    ModuleDef::managed::<Sysctl>(POSIX, "sysctl"),
    ModuleDef::managed::<SystemdService>(BUILTIN, "systemd_service").aliases(&["systemd"]),
    ModuleDef::managed::<Sysvinit>(BUILTIN, "sysvinit"),
    ModuleDef::action::<TempFile>(BUILTIN, "tempfile"),
    ModuleDef::controller::<Template>(BUILTIN, "template"),
    ModuleDef::managed::<Timezone>(GENERAL, "timezone"),
    ModuleDef::controller::<Unarchive>(BUILTIN, "unarchive"),
    ModuleDef::controller::<Uri>(BUILTIN, "uri").in_background(),
    ModuleDef::managed::<UserModule>(BUILTIN, "user"),
    ModuleDef::controller::<ValidateArgumentSpec>(BUILTIN, "validate_argument_spec"),
    ModuleDef::action::<WaitFor>(BUILTIN, "wait_for"),
    ModuleDef::controller::<WaitForConnection>(BUILTIN, "wait_for_connection").outlives(),
    ModuleDef::managed::<YumRepository>(BUILTIN, "yum_repository"),
];

/// What modules on the controller hand over to the host; not for playbooks, so [`find`] does not know them.
#[rustfmt::skip]
static INTERNAL: &[ModuleDef] = &[
    ModuleDef::managed::<AssembleFile>(BUILTIN, "_assemble"),
    ModuleDef::action::<CopyOnHost>(BUILTIN, "_copy_on_host"),
    ModuleDef::controller::<CustomModule>(BUILTIN, "_custom").open(),
    ModuleDef::managed::<InstallFile>(BUILTIN, "_install_file").uploads(&["source"]),
    ModuleDef::managed::<PatchOnHost>(BUILTIN, "_patch").uploads(&["source"]),
    ModuleDef::action::<ReadPiece>(BUILTIN, "_read_piece"),
    ModuleDef::action::<RunCustom>(BUILTIN, "_run_custom"),
    ModuleDef::action::<RunScript>(BUILTIN, "_script").uploads(&["source"]),
    ModuleDef::action::<SyncApply>(BUILTIN, "_sync_apply"),
    ModuleDef::action::<SyncList>(BUILTIN, "_sync_list"),
    ModuleDef::managed::<UnpackOnHost>(BUILTIN, "_unarchive").uploads(&["source"]),
    ModuleDef::action::<UriRequest>(BUILTIN, "_uri").uploads(&["source"]),
];

/// Finds a module by its short name, its full name (`ansible.builtin.copy`, `ansible.legacy.copy`) or an alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static ModuleDef> {
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy."));
    MODULES.iter().find(|module| {
        let full = || name.strip_prefix(module.collection).and_then(|rest| rest.strip_prefix('.')) == Some(module.name);
        match short {
            Some(short) => {
                module.collection == "ansible.builtin" && (module.name == short || module.aliases.contains(&short))
            }
            None => module.name == name || full() || module.aliases.contains(&name),
        }
    })
}

/// Finds the host's part of a module that begins on the controller.
#[must_use]
pub fn internal(name: &str) -> Option<&'static ModuleDef> {
    INTERNAL.iter().find(|module| module.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        let names: Vec<_> = MODULES.iter().map(|module| module.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
