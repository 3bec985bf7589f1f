//! Mode and owner of files: as options ask for them, as they are, and the change from one to the other.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::IFlags;
use serde::Serialize;

use super::flags::{FlagChange, read_flags, set_flags};
use super::mode::Mode;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// What a task asks for.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// `mode`.
    pub mode: Option<Mode>,
    /// `owner`: a name or number.
    pub owner: Option<String>,
    /// `group`: a name or number.
    pub group: Option<String>,
    /// `attributes`, in the manner of `chattr`.
    pub flags: Option<String>,
    /// The `se*` options that were given.
    pub selinux: Vec<(&'static str, String)>,
    /// `unsafe_writes`: write in place where a rename is refused.
    pub unsafe_writes: bool,
}

/// Mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ownership {
    /// Permission bits.
    pub mode: u32,
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// Attributes of the file system that have to be set, where those that are there are not the wanted ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<u32>,
}

impl Attributes {
    /// Refuses what this host cannot do. SELinux options do nothing on a host without SELinux, as in Ansible.
    pub fn check(&self) -> Result<(), ModuleError> {
        if let Some(flags) = &self.flags {
            FlagChange::parse(flags)?;
        }
        if let Some((option, _)) = self.selinux.first()
            && Path::new("/sys/fs/selinux/enforce").exists()
        {
            return Err(ModuleError::new(format!("option `{option}` is not supported yet on a host with SELinux")));
        }
        Ok(())
    }

    /// What the thing at `path`, which has `current` now, shall have.
    pub fn wanted(
        &self,
        path: &Path,
        current: Ownership,
        is_dir: bool,
        ctx: &mut Ctx,
    ) -> Result<Ownership, ModuleError> {
        let mode = match &self.mode {
            Some(mode) => mode.apply(current.mode, is_dir, ctx.umask()?),
            None => current.mode,
        };
        let uid = match &self.owner {
            Some(name) => match ctx.user(name)? {
                Some(user) => user.uid,
                None => unknown("user", name, current.uid, ctx)?,
            },
            None => current.uid,
        };
        let gid = match &self.group {
            Some(name) => match ctx.group(name)? {
                Some(group) => group.gid,
                None => unknown("group", name, current.gid, ctx)?,
            },
            None => current.gid,
        };
        let flags = match self.wanted_flags(path)? {
            Some((now, wanted)) if now != wanted => Some(wanted.bits()),
            _ => None,
        };
        Ok(Ownership { mode, uid, gid, flags })
    }

    /// The attributes of the file system that a path has and shall have, where the task asks for any.
    pub(super) fn wanted_flags(&self, path: &Path) -> Result<Option<(IFlags, IFlags)>, ModuleError> {
        let Some(text) = &self.flags else { return Ok(None) };
        let now = read_flags(path)?.unwrap_or(IFlags::empty());
        Ok(Some((now, FlagChange::parse(text)?.apply(now))))
    }

    /// Whether neither mode nor owner nor anything else is asked for.
    pub fn is_empty(&self) -> bool {
        self.mode.is_none() && self.owner.is_none() && self.group.is_none() && self.flags.is_none()
    }
}

/// An account that is not there: its number, if it is one; in check mode an earlier task of the real run may make it.
fn unknown(kind: &str, name: &str, current: u32, ctx: &mut Ctx) -> Result<u32, ModuleError> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    if ctx.mode.check {
        ctx.warn(format!("there is no {kind} `{name}` yet; a real run needs it to exist by now"));
        return Ok(current);
    }
    Err(ModuleError::new(format!("chown failed: failed to look up {kind} {name}")))
}

impl Ownership {
    /// What a new file or folder gets by itself.
    pub fn fresh(path: &Path, is_dir: bool, ctx: &Ctx) -> Result<Self, ModuleError> {
        let base = if is_dir { 0o777 } else { 0o666 };
        let parent = path.parent().and_then(|parent| fs::metadata(parent).ok());
        let inherited = parent.filter(|parent| parent.mode() & 0o2000 != 0);
        Ok(Self {
            mode: base & !ctx.umask()? | if is_dir && inherited.is_some() { 0o2000 } else { 0 },
            uid: rustix::process::geteuid().as_raw(),
            gid: inherited.map_or_else(|| rustix::process::getegid().as_raw(), |parent| parent.gid()),
            flags: None,
        })
    }

    /// Gives a path this mode and owner. A link's own owner is changed, its mode never (Linux has none).
    pub fn set(self, path: &Path, current: Self, is_link: bool) -> Result<(), ModuleError> {
        if (self.uid, self.gid) != (current.uid, current.gid) {
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
                .map_err(|error| ModuleError::because(format!("chown failed for `{}`", path.display()), error))?;
        }
        // a change of owner clears the set-id bits, so the mode is set again where it has them
        if !is_link && (self.mode != current.mode || self.uid != current.uid && self.mode & 0o6000 != 0) {
            fs::set_permissions(path, fs::Permissions::from_mode(self.mode))
                .map_err(|error| ModuleError::because(format!("chmod failed for `{}`", path.display()), error))?;
        }
        match self.flags {
            Some(flags) if !is_link => set_flags(path, IFlags::from_bits_retain(flags)),
            _ => Ok(()),
        }
    }
}

impl Ctx {
    /// The umask of this process. Read from `/proc`, because the system call can only read it by changing it for all threads.
    pub fn umask(&self) -> Result<u32, ModuleError> {
        let path = "/proc/self/status";
        let text =
            fs::read_to_string(path).map_err(|error| ModuleError::because(format!("cannot read `{path}`"), error))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Umask:"));
        line.and_then(|bits| u32::from_str_radix(bits.trim(), 8).ok())
            .ok_or_else(|| ModuleError::new("`/proc/self/status` does not tell the umask"))
    }
}

/// Declares a parameter struct with the options that every file module shares beside `mode`, and `fn attributes` that
/// collects them.
macro_rules! file_options {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)*
            /// User that shall own the file, by name or number.
            owner: Option<String>,
            /// Group that shall own the file, by name or number.
            group: Option<String>,
            /// Attributes of the file system as `chattr` takes them, such as `+i`; without a sign exactly these.
            #[serde(alias = "attr")]
            #[schemars(extend("x-aliases" = ["attr"]))]
            attributes: Option<String>,
            /// User part of the SELinux context. Without effect on a host without SELinux.
            seuser: Option<String>,
            /// Role part of the SELinux context. Without effect on a host without SELinux.
            serole: Option<String>,
            /// Type part of the SELinux context. Without effect on a host without SELinux.
            setype: Option<String>,
            /// Level part of the SELinux context. Without effect on a host without SELinux.
            selevel: Option<String>,
            /// Where the file cannot be replaced in one step (a single file mounted into a container), write into it in
            /// place. A reader may then see half of the new content.
            #[serde(default)]
            unsafe_writes: bool,
        }

        impl $name {
            /// Mode, owner and the like as asked for.
            fn attributes(&self, mode: Option<$crate::modules::host::Mode>) -> $crate::modules::host::Attributes {
                let selinux = [
                    ("seuser", &self.seuser),
                    ("serole", &self.serole),
                    ("setype", &self.setype),
                    ("selevel", &self.selevel),
                ];
                $crate::modules::host::Attributes {
                    mode,
                    owner: self.owner.clone(),
                    group: self.group.clone(),
                    flags: self.attributes.clone(),
                    unsafe_writes: self.unsafe_writes,
                    selinux: selinux.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?.clone()))).collect(),
                }
            }
        }
    };
}
pub(in crate::modules) use file_options;
