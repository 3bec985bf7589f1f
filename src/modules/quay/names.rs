//! Names of robots and repositories, and the namespaces that they belong to.

use super::connect::{call, option};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::quay::contract::Organization;
use crate::quay::{Registry, RepositoryName, RobotName};

/// What a namespace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// An organization.
    Organization,
    /// The caller's own.
    Own,
    /// Neither: missing, or somebody else's.
    Unknown,
}

/// The caller's name, for names without a namespace.
pub(super) fn caller(registry: &Registry, ctx: &Ctx) -> Result<String, ModuleError> {
    match call(ctx, "cannot find out who the caller is", registry.caller())? {
        Some(user) => Ok(user.username),
        None => Err(ModuleError::new("a name without a namespace needs a caller who may be asked for the own name")),
    }
}

/// What a namespace is.
pub(super) fn namespace(name: &str, registry: &Registry, ctx: &Ctx) -> Result<Namespace, ModuleError> {
    if organization(name, registry, ctx)?.is_some() {
        return Ok(Namespace::Organization);
    }
    let own =
        call(ctx, "cannot find out who the caller is", registry.caller())?.is_some_and(|user| user.username == name);
    Ok(if own { Namespace::Own } else { Namespace::Unknown })
}

/// An organization, if there is one of that name.
pub(super) fn organization(name: &str, registry: &Registry, ctx: &Ctx) -> Result<Option<Organization>, ModuleError> {
    let found = call(ctx, format!("cannot read organization {name}"), registry.organization(name))?;
    Ok((*found).clone())
}

/// Fails because an organization is missing; not in check mode, where an earlier task would have made it.
pub(super) fn missing_organization(name: &str, ctx: &Ctx) -> Result<(), ModuleError> {
    if ctx.mode.check {
        return Ok(());
    }
    Err(ModuleError::new(format!("there is no organization `{name}`")))
}

/// Splits `namespace+short`.
pub(super) fn split_robot(name: &str) -> Result<(Option<&str>, &str), ModuleError> {
    match name.split_once('+') {
        Some((namespace, short)) if !namespace.is_empty() && !short.is_empty() => Ok((Some(namespace), short)),
        None if !name.is_empty() => Ok((None, name)),
        _ => Err(option("name", format!("`{name}` is no name of a robot: expected `namespace+name`"))),
    }
}

/// Splits `namespace/name`, where the name may hold further slashes.
pub(super) fn split_repository(name: &str) -> Result<(Option<&str>, &str), ModuleError> {
    let name = name.trim_matches('/');
    match name.split_once('/') {
        Some((namespace, rest)) if !rest.is_empty() => Ok((Some(namespace), rest)),
        None if !name.is_empty() => Ok((None, name)),
        _ => Err(option("name", format!("`{name}` is no name of a repository: expected `namespace/name`"))),
    }
}

/// A repository by the name that an option gives.
pub(super) fn repository(name: &str, registry: &Registry, ctx: &Ctx) -> Result<RepositoryName, ModuleError> {
    let (namespace, name) = split_repository(name)?;
    let namespace = match namespace {
        Some(namespace) => namespace.to_owned(),
        None => caller(registry, ctx)?,
    };
    Ok(RepositoryName { namespace, name: name.to_owned() })
}

/// A robot by the name that an option gives; `None` where its namespace is missing.
pub(super) fn robot(name: &str, registry: &Registry, ctx: &Ctx) -> Result<Option<RobotName>, ModuleError> {
    let (of, short) = split_robot(name)?;
    let short = short.to_owned();
    let Some(of) = of else {
        return Ok(Some(RobotName { namespace: caller(registry, ctx)?, short, personal: true }));
    };
    Ok(match namespace(of, registry, ctx)? {
        Namespace::Organization => Some(RobotName { namespace: of.to_owned(), short, personal: false }),
        Namespace::Own => Some(RobotName { namespace: of.to_owned(), short, personal: true }),
        Namespace::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_the_namespace() {
        assert_eq!(split_robot("acme+ci").unwrap(), (Some("acme"), "ci"));
        assert_eq!(split_robot("ci").unwrap(), (None, "ci"));
        assert!(split_robot("acme+").is_err() && split_robot("").is_err());
        assert_eq!(split_repository("acme/deep/er").unwrap(), (Some("acme"), "deep/er"));
        assert_eq!(split_repository("app").unwrap(), (None, "app"));
        assert!(split_repository("/").is_err());
    }
}
