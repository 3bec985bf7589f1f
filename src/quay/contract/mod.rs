//! What Quay's HTTP interface looks like: endpoints and wire types, written once.
//!
//! The client sends and reads these types, the sandbox reads and sends them, and recorded exchanges of a real Quay judge
//! both. Fields that Quay leaves out are omitted when absent (`skip_serializing_if`), fields that it sends as `null` are not.
//! Fields that are not listed are tolerated and dropped.
//!
//! The types of this module put passwords and tokens on the wire **in clear** (see [`wire`]); they are not for showing.

#![expect(clippy::struct_excessive_bools, reason = "the wire has them so")]

mod application;
mod autoprune;
mod common;
mod date;
mod endpoint;
pub mod endpoints;
mod error_body;
mod manifest;
mod organization;
mod other_endpoints;
mod path;
mod permission;
mod prototype;
mod quota;
#[cfg(test)]
mod recorded;
mod registry;
mod repository;
mod robot;
mod role;
mod route;
mod scope;
mod session;
mod tag;
mod team;
mod user;
pub mod wire;

pub use application::{
    Application, ApplicationInfo, ApplicationToken, ApplicationTokens, Applications, CreateApplication,
    CreateApplicationToken, UpdateApplication,
};
pub use autoprune::{
    AutoPrunePolicies, AutoPrunePolicy, CreateAutoPrunePolicy, PolicyCreated, PruneMethod, PruneValue,
};
pub use common::{Avatar, Change, PageToken, QuotaReport, Success};
pub use date::{IsoDate, QuayDate};
pub use endpoint::{Access, Endpoint, Method};
pub use error_body::{ErrorBody, Problem, ProblemKind, RegistryError};
pub use manifest::{CreateLabel, Label, LabelCreated, Labels, Layer, Manifest};
pub use organization::{
    ChangeOrganization, CreateOrganization, Member, MemberTeam, Members, Organization, OrganizationQuota,
    OrganizationSummary, OrganizationTeam, RenameOrganization, SystemOrganizations,
};
pub use other_endpoints::OTHERS;
pub use path::PathError;
pub use permission::{RolePut, TeamPermission, TeamPermissions, UserPermission, UserPermissions};
pub use prototype::{CreatePrototype, Delegate, PrincipalName, Prototype, PrototypeEntity, Prototypes};
pub use quota::{CreateQuota, CreateQuotaLimit, Quota, QuotaLimit, UpdateQuota, UpdateQuotaLimit};
pub use registry::{
    Capabilities, Entities, Entity, FoundRepositories, FoundRepository, Health, HealthData, SparseManifests,
};
pub use repository::{
    ChangeState, ChangeVisibility, CreateRepository, Repositories, Repository, RepositoryCreated, RepositorySummary,
    RepositoryTag, StarRepository, Starred, StarredRepositories, UpdateRepository,
};
pub use robot::{
    CreateRobot, Metadata, Robot, RobotFederation, RobotPermission, RobotPermissionRepository, RobotPermissions, Robots,
};
pub use role::{DelegateKind, RepositoryRole, RepositoryState, TeamRole, Visibility};
pub use route::{Route, find_route, find_route_among};
pub use scope::{Scope, Scopes, UnknownScope};
pub use session::{AuthorizeForm, CsrfToken, InitializeUser, Initialized, SignIn, SignInRefused};
pub use tag::{ChangeTag, RestoreTag, Tag, TagPage};
pub use team::{Invited, PutTeam, Team, TeamMember, TeamMembers, TeamSync};
pub use user::{
    CreateUser, CurrentUser, OtherUser, SuperuserUser, SuperuserUsers, UpdateUser, UserCreated, UserOrganization,
};
