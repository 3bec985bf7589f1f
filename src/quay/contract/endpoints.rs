//! The table of endpoints.

use super::endpoint::Access::{Csrf, Open, Session};
use super::endpoint::{Access, Endpoint, Method};
use super::scope::Scope;

const ORG_ADMIN: Access = Access::Scope(Scope::OrgAdmin);
const REPO_ADMIN: Access = Access::Scope(Scope::RepoAdmin);
const REPO_CREATE: Access = Access::Scope(Scope::RepoCreate);
const REPO_READ: Access = Access::Scope(Scope::RepoRead);
const REPO_WRITE: Access = Access::Scope(Scope::RepoWrite);
const SUPER_USER: Access = Access::Scope(Scope::SuperUser);
const USER_ADMIN: Access = Access::Scope(Scope::UserAdmin);
const USER_READ: Access = Access::Scope(Scope::UserRead);

macro_rules! endpoints {
    ($($name:ident = $method:ident $path:literal $operation:literal $access:ident $($since:literal)?;)*) => {
        $(
            #[doc = concat!("`", $operation, "`: `", stringify!($method), " ", $path, "`")]
            pub static $name: Endpoint = Endpoint {
                operation: $operation,
                method: Method::$method,
                path: $path,
                access: $access,
                since: endpoints!(@since $($since)?),
            };
        )*

        /// Every endpoint, in the order of this file.
        pub static ALL: &[&Endpoint] = &[$(&$name),*];
    };
    (@since) => { None };
    (@since $since:literal) => { Some($since) };
}

endpoints! {
    // the first user, sessions, OAuth
    INITIALIZE_USER = Post "/api/v1/user/initialize" "initializeUser" Open;
    CSRF_TOKEN = Get "/csrf_token" "csrfToken" Open;
    SIGN_IN = Post "/api/v1/signin" "signinUser" Csrf;
    VERIFY_SIGN_IN = Post "/api/v1/signin/verify" "verifyUser" Session;
    SIGN_OUT = Post "/api/v1/signout" "logout" Session;
    AUTHORIZE_APPLICATION = Post "/oauth/authorizeapp" "authorizeApplication" Session;
    REQUEST_AUTHORIZATION = Get "/oauth/authorize" "requestAuthorization" Session;
    ASSIGN_AUTHORIZATION = Post "/oauth/authorize/assignuser" "assignAuthorization" Session "3.12";
    LOCAL_APPLICATION = Get "/oauth/localapp" "localApplication" Open;

    // users
    GET_USER = Get "/api/v1/user/" "getLoggedInUser" USER_READ;
    GET_OTHER_USER = Get "/api/v1/users/{username}" "getUserInformation" Open;
    LIST_USERS = Get "/api/v1/superuser/users/" "listAllUsers" SUPER_USER;
    CREATE_USER = Post "/api/v1/superuser/users/" "createInstallUser" SUPER_USER;
    GET_SUPERUSER_USER = Get "/api/v1/superuser/users/{username}" "getInstallUser" SUPER_USER;
    CHANGE_USER = Put "/api/v1/superuser/users/{username}" "changeInstallUser" SUPER_USER;
    DELETE_USER = Delete "/api/v1/superuser/users/{username}" "deleteInstallUser" SUPER_USER;
    TAKE_OWNERSHIP = Post "/api/v1/superuser/takeownership/{namespace}" "takeOwnership" SUPER_USER;

    // organizations
    CREATE_ORGANIZATION = Post "/api/v1/organization/" "createOrganization" USER_ADMIN;
    GET_ORGANIZATION = Get "/api/v1/organization/{orgname}" "getOrganization" Open;
    CHANGE_ORGANIZATION = Put "/api/v1/organization/{orgname}" "changeOrganizationDetails" ORG_ADMIN;
    DELETE_ORGANIZATION = Delete "/api/v1/organization/{orgname}" "deleteAdminedOrganization" ORG_ADMIN;
    LIST_MEMBERS = Get "/api/v1/organization/{orgname}/members" "getOrganizationMembers" ORG_ADMIN;
    GET_MEMBER = Get "/api/v1/organization/{orgname}/members/{membername}" "getOrganizationMember" ORG_ADMIN;
    REMOVE_MEMBER = Delete "/api/v1/organization/{orgname}/members/{membername}" "removeOrganizationMember" ORG_ADMIN;
    LIST_COLLABORATORS = Get "/api/v1/organization/{orgname}/collaborators" "getOrganizationCollaborators" ORG_ADMIN;
    LIST_ORGANIZATIONS = Get "/api/v1/superuser/organizations/" "listAllOrganizations" SUPER_USER;
    RENAME_ORGANIZATION = Put "/api/v1/superuser/organizations/{name}" "changeOrganization" SUPER_USER;
    DELETE_ANY_ORGANIZATION = Delete "/api/v1/superuser/organizations/{name}" "deleteOrganization" SUPER_USER;

    // applications and their tokens
    GET_APPLICATION_INFO = Get "/api/v1/app/{client_id}" "getApplicationInformation" Open;
    LIST_APPLICATIONS = Get "/api/v1/organization/{orgname}/applications" "getOrganizationApplications" ORG_ADMIN;
    CREATE_APPLICATION = Post "/api/v1/organization/{orgname}/applications" "createOrganizationApplication" ORG_ADMIN;
    GET_APPLICATION = Get "/api/v1/organization/{orgname}/applications/{client_id}" "getOrganizationApplication" ORG_ADMIN;
    UPDATE_APPLICATION = Put "/api/v1/organization/{orgname}/applications/{client_id}" "updateOrganizationApplication" ORG_ADMIN;
    DELETE_APPLICATION = Delete "/api/v1/organization/{orgname}/applications/{client_id}" "deleteOrganizationApplication" ORG_ADMIN;
    RESET_CLIENT_SECRET = Post "/api/v1/organization/{orgname}/applications/{client_id}/resetclientsecret" "resetOrganizationApplicationClientSecret" ORG_ADMIN;
    LIST_APPLICATION_TOKENS = Get "/api/v1/organization/{orgname}/applications/{client_id}/tokens" "listOrganizationApplicationTokens" ORG_ADMIN "3.18";
    CREATE_APPLICATION_TOKEN = Post "/api/v1/organization/{orgname}/applications/{client_id}/tokens" "createOrganizationApplicationToken" ORG_ADMIN "3.18";
    DELETE_APPLICATION_TOKEN = Delete "/api/v1/organization/{orgname}/applications/{client_id}/tokens/{token_uuid}" "deleteOrganizationApplicationToken" ORG_ADMIN "3.18";

    // robots
    LIST_ORGANIZATION_ROBOTS = Get "/api/v1/organization/{orgname}/robots" "getOrgRobots" ORG_ADMIN;
    GET_ORGANIZATION_ROBOT = Get "/api/v1/organization/{orgname}/robots/{robot_shortname}" "getOrgRobot" ORG_ADMIN;
    CREATE_ORGANIZATION_ROBOT = Put "/api/v1/organization/{orgname}/robots/{robot_shortname}" "createOrgRobot" ORG_ADMIN;
    DELETE_ORGANIZATION_ROBOT = Delete "/api/v1/organization/{orgname}/robots/{robot_shortname}" "deleteOrgRobot" ORG_ADMIN;
    REGENERATE_ORGANIZATION_ROBOT = Post "/api/v1/organization/{orgname}/robots/{robot_shortname}/regenerate" "regenerateOrgRobotToken" ORG_ADMIN;
    ORGANIZATION_ROBOT_PERMISSIONS = Get "/api/v1/organization/{orgname}/robots/{robot_shortname}/permissions" "getOrgRobotPermissions" USER_ADMIN;
    GET_ORGANIZATION_ROBOT_FEDERATION = Get "/api/v1/organization/{orgname}/robots/{robot_shortname}/federation" "getOrgRobotFederation" ORG_ADMIN "3.13";
    SET_ORGANIZATION_ROBOT_FEDERATION = Post "/api/v1/organization/{orgname}/robots/{robot_shortname}/federation" "createOrgRobotFederation" ORG_ADMIN "3.13";
    DELETE_ORGANIZATION_ROBOT_FEDERATION = Delete "/api/v1/organization/{orgname}/robots/{robot_shortname}/federation" "deleteOrgRobotFederation" ORG_ADMIN "3.13";
    LIST_USER_ROBOTS = Get "/api/v1/user/robots" "getUserRobots" USER_ADMIN;
    GET_USER_ROBOT = Get "/api/v1/user/robots/{robot_shortname}" "getUserRobot" USER_ADMIN;
    CREATE_USER_ROBOT = Put "/api/v1/user/robots/{robot_shortname}" "createUserRobot" USER_ADMIN;
    DELETE_USER_ROBOT = Delete "/api/v1/user/robots/{robot_shortname}" "deleteUserRobot" USER_ADMIN;
    REGENERATE_USER_ROBOT = Post "/api/v1/user/robots/{robot_shortname}/regenerate" "regenerateUserRobotToken" USER_ADMIN;
    USER_ROBOT_PERMISSIONS = Get "/api/v1/user/robots/{robot_shortname}/permissions" "getUserRobotPermissions" USER_ADMIN;
    GET_USER_ROBOT_FEDERATION = Get "/api/v1/user/robots/{robot_shortname}/federation" "getUserRobotFederation" USER_ADMIN "3.13";
    SET_USER_ROBOT_FEDERATION = Post "/api/v1/user/robots/{robot_shortname}/federation" "createUserRobotFederation" USER_ADMIN "3.13";
    DELETE_USER_ROBOT_FEDERATION = Delete "/api/v1/user/robots/{robot_shortname}/federation" "deleteUserRobotFederation" USER_ADMIN "3.13";

    // teams
    PUT_TEAM = Put "/api/v1/organization/{orgname}/team/{teamname}" "updateOrganizationTeam" ORG_ADMIN;
    DELETE_TEAM = Delete "/api/v1/organization/{orgname}/team/{teamname}" "deleteOrganizationTeam" ORG_ADMIN;
    LIST_TEAM_MEMBERS = Get "/api/v1/organization/{orgname}/team/{teamname}/members" "getOrganizationTeamMembers" ORG_ADMIN;
    ADD_TEAM_MEMBER = Put "/api/v1/organization/{orgname}/team/{teamname}/members/{membername}" "updateOrganizationTeamMember" ORG_ADMIN;
    REMOVE_TEAM_MEMBER = Delete "/api/v1/organization/{orgname}/team/{teamname}/members/{membername}" "deleteOrganizationTeamMember" ORG_ADMIN;
    INVITE_TEAM_MEMBER = Put "/api/v1/organization/{orgname}/team/{teamname}/invite/{email}" "inviteTeamMemberEmail" ORG_ADMIN;
    DELETE_TEAM_INVITE = Delete "/api/v1/organization/{orgname}/team/{teamname}/invite/{email}" "deleteTeamMemberEmailInvite" ORG_ADMIN;
    TEAM_REPOSITORY_PERMISSIONS = Get "/api/v1/organization/{orgname}/team/{teamname}/permissions" "getOrganizationTeamPermissions" ORG_ADMIN;

    // prototypes
    LIST_PROTOTYPES = Get "/api/v1/organization/{orgname}/prototypes" "getOrganizationPrototypePermissions" ORG_ADMIN;
    CREATE_PROTOTYPE = Post "/api/v1/organization/{orgname}/prototypes" "createOrganizationPrototypePermission" ORG_ADMIN;
    UPDATE_PROTOTYPE = Put "/api/v1/organization/{orgname}/prototypes/{prototypeid}" "updateOrganizationPrototypePermission" ORG_ADMIN;
    DELETE_PROTOTYPE = Delete "/api/v1/organization/{orgname}/prototypes/{prototypeid}" "deleteOrganizationPrototypePermission" ORG_ADMIN;

    // repositories
    LIST_REPOSITORIES = Get "/api/v1/repository" "listRepos" REPO_READ;
    CREATE_REPOSITORY = Post "/api/v1/repository" "createRepo" REPO_CREATE;
    GET_REPOSITORY = Get "/api/v1/repository/{repository}" "getRepo" REPO_READ;
    UPDATE_REPOSITORY = Put "/api/v1/repository/{repository}" "updateRepo" REPO_WRITE;
    DELETE_REPOSITORY = Delete "/api/v1/repository/{repository}" "deleteRepository" REPO_ADMIN;
    CHANGE_VISIBILITY = Post "/api/v1/repository/{repository}/changevisibility" "changeRepoVisibility" REPO_ADMIN;
    CHANGE_STATE = Put "/api/v1/repository/{repository}/changestate" "changeRepoState" REPO_ADMIN;
    LIST_STARRED = Get "/api/v1/user/starred" "listStarredRepos" USER_ADMIN;
    CREATE_STAR = Post "/api/v1/user/starred" "createStar" REPO_READ;
    DELETE_STAR = Delete "/api/v1/user/starred/{repository}" "deleteStar" USER_ADMIN;

    // permissions
    LIST_USER_PERMISSIONS = Get "/api/v1/repository/{repository}/permissions/user/" "listRepoUserPermissions" REPO_ADMIN;
    GET_USER_PERMISSION = Get "/api/v1/repository/{repository}/permissions/user/{username}" "getUserPermissions" REPO_ADMIN;
    PUT_USER_PERMISSION = Put "/api/v1/repository/{repository}/permissions/user/{username}" "changeUserPermissions" REPO_ADMIN;
    DELETE_USER_PERMISSION = Delete "/api/v1/repository/{repository}/permissions/user/{username}" "deleteUserPermissions" REPO_ADMIN;
    GET_TRANSITIVE_PERMISSION = Get "/api/v1/repository/{repository}/permissions/user/{username}/transitive" "getUserTransitivePermission" REPO_ADMIN;
    LIST_TEAM_PERMISSIONS = Get "/api/v1/repository/{repository}/permissions/team/" "listRepoTeamPermissions" REPO_ADMIN;
    GET_TEAM_PERMISSION = Get "/api/v1/repository/{repository}/permissions/team/{teamname}" "getTeamPermissions" REPO_ADMIN;
    PUT_TEAM_PERMISSION = Put "/api/v1/repository/{repository}/permissions/team/{teamname}" "changeTeamPermissions" REPO_ADMIN;
    DELETE_TEAM_PERMISSION = Delete "/api/v1/repository/{repository}/permissions/team/{teamname}" "deleteTeamPermissions" REPO_ADMIN;

    // tags and manifests
    LIST_TAGS = Get "/api/v1/repository/{repository}/tag/" "listRepoTags" REPO_READ;
    CHANGE_TAG = Put "/api/v1/repository/{repository}/tag/{tag}" "changeTag" REPO_WRITE;
    DELETE_TAG = Delete "/api/v1/repository/{repository}/tag/{tag}" "deleteFullTag" REPO_WRITE;
    RESTORE_TAG = Post "/api/v1/repository/{repository}/tag/{tag}/restore" "restoreTag" REPO_WRITE;
    EXPIRE_TAG = Post "/api/v1/repository/{repository}/tag/{tag}/expire" "removeTagFromTimemachine" REPO_WRITE "3.11";
    GET_MANIFEST = Get "/api/v1/repository/{repository}/manifest/{manifestref}" "getRepoManifest" REPO_READ;
    LIST_LABELS = Get "/api/v1/repository/{repository}/manifest/{manifestref}/labels" "listManifestLabels" REPO_READ;
    ADD_LABEL = Post "/api/v1/repository/{repository}/manifest/{manifestref}/labels" "addManifestLabel" REPO_WRITE;
    GET_LABEL = Get "/api/v1/repository/{repository}/manifest/{manifestref}/labels/{labelid}" "getManifestLabel" REPO_READ;
    DELETE_LABEL = Delete "/api/v1/repository/{repository}/manifest/{manifestref}/labels/{labelid}" "deleteManifestLabel" REPO_WRITE;

    // auto-prune policies
    LIST_ORGANIZATION_PRUNE = Get "/api/v1/organization/{orgname}/autoprunepolicy/" "listOrganizationAutoPrunePolicies" ORG_ADMIN "3.11";
    CREATE_ORGANIZATION_PRUNE = Post "/api/v1/organization/{orgname}/autoprunepolicy/" "createOrganizationAutoPrunePolicy" ORG_ADMIN "3.11";
    GET_ORGANIZATION_PRUNE = Get "/api/v1/organization/{orgname}/autoprunepolicy/{policy_uuid}" "getOrganizationAutoPrunePolicy" ORG_ADMIN "3.11";
    UPDATE_ORGANIZATION_PRUNE = Put "/api/v1/organization/{orgname}/autoprunepolicy/{policy_uuid}" "updateOrganizationAutoPrunePolicy" ORG_ADMIN "3.11";
    DELETE_ORGANIZATION_PRUNE = Delete "/api/v1/organization/{orgname}/autoprunepolicy/{policy_uuid}" "deleteOrganizationAutoPrunePolicy" ORG_ADMIN "3.11";
    LIST_REPOSITORY_PRUNE = Get "/api/v1/repository/{repository}/autoprunepolicy/" "listRepositoryAutoPrunePolicies" REPO_ADMIN "3.12";
    CREATE_REPOSITORY_PRUNE = Post "/api/v1/repository/{repository}/autoprunepolicy/" "createRepositoryAutoPrunePolicy" REPO_ADMIN "3.12";
    GET_REPOSITORY_PRUNE = Get "/api/v1/repository/{repository}/autoprunepolicy/{policy_uuid}" "getRepositoryAutoPrunePolicy" REPO_ADMIN "3.12";
    UPDATE_REPOSITORY_PRUNE = Put "/api/v1/repository/{repository}/autoprunepolicy/{policy_uuid}" "updateRepositoryAutoPrunePolicy" REPO_ADMIN "3.12";
    DELETE_REPOSITORY_PRUNE = Delete "/api/v1/repository/{repository}/autoprunepolicy/{policy_uuid}" "deleteRepositoryAutoPrunePolicy" REPO_ADMIN "3.12";
    LIST_USER_PRUNE = Get "/api/v1/user/autoprunepolicy/" "listUserAutoPrunePolicies" USER_ADMIN "3.11";
    CREATE_USER_PRUNE = Post "/api/v1/user/autoprunepolicy/" "createUserAutoPrunePolicy" USER_ADMIN "3.11";
    GET_USER_PRUNE = Get "/api/v1/user/autoprunepolicy/{policy_uuid}" "getUserAutoPrunePolicy" USER_ADMIN "3.11";
    UPDATE_USER_PRUNE = Put "/api/v1/user/autoprunepolicy/{policy_uuid}" "updateUserAutoPrunePolicy" USER_ADMIN "3.11";
    DELETE_USER_PRUNE = Delete "/api/v1/user/autoprunepolicy/{policy_uuid}" "deleteUserAutoPrunePolicy" USER_ADMIN "3.11";

    // quotas
    LIST_QUOTAS = Get "/api/v1/organization/{orgname}/quota" "listOrganizationQuota" ORG_ADMIN "3.7";
    CREATE_QUOTA = Post "/api/v1/organization/{orgname}/quota" "createOrganizationQuota" SUPER_USER "3.7";
    GET_QUOTA = Get "/api/v1/organization/{orgname}/quota/{quota_id}" "getOrganizationQuota" ORG_ADMIN "3.7";
    CHANGE_QUOTA = Put "/api/v1/organization/{orgname}/quota/{quota_id}" "changeOrganizationQuota" SUPER_USER "3.7";
    DELETE_QUOTA = Delete "/api/v1/organization/{orgname}/quota/{quota_id}" "deleteOrganizationQuota" SUPER_USER "3.7";
    LIST_QUOTA_LIMITS = Get "/api/v1/organization/{orgname}/quota/{quota_id}/limit" "listOrganizationQuotaLimit" ORG_ADMIN "3.7";
    CREATE_QUOTA_LIMIT = Post "/api/v1/organization/{orgname}/quota/{quota_id}/limit" "createOrganizationQuotaLimit" SUPER_USER "3.7";
    GET_QUOTA_LIMIT = Get "/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}" "getOrganizationQuotaLimit" ORG_ADMIN "3.7";
    CHANGE_QUOTA_LIMIT = Put "/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}" "changeOrganizationQuotaLimit" SUPER_USER "3.7";
    DELETE_QUOTA_LIMIT = Delete "/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}" "deleteOrganizationQuotaLimit" SUPER_USER "3.7";
    LIST_ORGANIZATION_QUOTA_SUPERUSER = Get "/api/v1/superuser/organization/{namespace}/quota" "listOrganizationQuotaSuperUser" SUPER_USER "3.7";
    CREATE_ORGANIZATION_QUOTA_SUPERUSER = Post "/api/v1/superuser/organization/{namespace}/quota" "createOrganizationQuotaSuperUser" SUPER_USER "3.7";
    CHANGE_ORGANIZATION_QUOTA_SUPERUSER = Put "/api/v1/superuser/organization/{namespace}/quota/{quota_id}" "changeOrganizationQuotaSuperUser" SUPER_USER "3.7";
    DELETE_ORGANIZATION_QUOTA_SUPERUSER = Delete "/api/v1/superuser/organization/{namespace}/quota/{quota_id}" "deleteOrganizationQuotaSuperUser" SUPER_USER "3.7";
    LIST_USER_QUOTAS = Get "/api/v1/user/quota" "listUserQuota" USER_ADMIN "3.7";

    // the registry itself
    MATCHING_ENTITIES = Get "/api/v1/entities/{prefix}" "getMatchingEntities" Open;
    LINK_EXTERNAL_USER = Post "/api/v1/entities/link/{username}" "linkExternalUser" ORG_ADMIN;
    FIND_REPOSITORIES = Get "/api/v1/find/repositories" "conductRepoSearch" Open;
    FIND_ALL = Get "/api/v1/find/all" "conductSearch" REPO_READ;
    CAPABILITIES = Get "/api/v1/registry/capabilities" "getRegistryCapabilities" Open "3.17";
    DISCOVERY = Get "/api/v1/discovery" "discovery" Open;
    ERROR_DESCRIPTION = Get "/api/v1/error/{error_type}" "getErrorDescription" Open;
    MESSAGES = Get "/api/v1/messages" "getGlobalMessages" Open;
    CONFIG = Get "/config" "clientConfig" Open;
    HEALTH_INSTANCE = Get "/health/instance" "healthInstance" Open;
    HEALTH_END_TO_END = Get "/health/endtoend" "healthEndToEnd" Open;
    REGISTRY_TOKEN = Get "/v2/auth" "registryToken" Open;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_and_requests_are_unique() {
        let all = || ALL.iter().copied().chain(super::super::OTHERS);
        let operations: BTreeSet<_> = all().map(|endpoint| endpoint.operation).collect();
        assert_eq!(operations.len(), all().count());
        let requests: BTreeSet<_> = all().map(ToString::to_string).collect();
        assert_eq!(requests.len(), all().count());
    }
}
