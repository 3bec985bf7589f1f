//! The wire types against answers of a real Quay: each is read, written again, and must be what it was.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::*;

const ANSWERS: &str = include_str!("../../../tests/data/quay/answers.jsonl");

fn again<T: Serialize + DeserializeOwned>(json: &Json) -> Result<Json, String> {
    let value: T = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "stands in a table beside functions that can fail")]
fn same(json: &Json) -> Result<Json, String> {
    Ok(json.clone())
}

type Again = fn(&Json) -> Result<Json, String>;

/// Request and answer of an operation; `same` where the body has no type of its own.
fn types(operation: &str) -> Option<(Again, Again)> {
    Some(match operation {
        "initializeUser" => (again::<InitializeUser>, again::<Initialized>),
        "csrfToken" => (same, again::<CsrfToken>),
        "signinUser" => (again::<SignIn>, again::<Success>),
        "verifyUser" | "logout" => (same, again::<Success>),
        "getLoggedInUser" => (same, again::<CurrentUser>),
        "getUserInformation" => {
            (
                same,
                |json| {
                    if json.get("email").is_some() { again::<CurrentUser>(json) } else { again::<OtherUser>(json) }
                },
            )
        }
        "listAllUsers" => (same, again::<SuperuserUsers>),
        "createInstallUser" => (again::<CreateUser>, again::<UserCreated>),
        "getInstallUser" => (same, again::<SuperuserUser>),
        "changeInstallUser" => (again::<UpdateUser>, again::<SuperuserUser>),
        "createOrganization" => (again::<CreateOrganization>, same),
        "getOrganization" => (same, again::<Organization>),
        "changeOrganizationDetails" => (again::<ChangeOrganization>, again::<Organization>),
        "getOrganizationMembers" => (same, again::<Members>),
        "getOrganizationMember" => (same, again::<Member>),
        "listAllOrganizations" => (same, again::<SystemOrganizations>),
        "changeOrganization" => (again::<RenameOrganization>, again::<OrganizationSummary>),
        "getApplicationInformation" => (same, again::<ApplicationInfo>),
        "getOrganizationApplications" => (same, again::<Applications>),
        "createOrganizationApplication" => (again::<CreateApplication>, again::<Application>),
        "getOrganizationApplication" | "resetOrganizationApplicationClientSecret" => (same, again::<Application>),
        "updateOrganizationApplication" => (again::<UpdateApplication>, again::<Application>),
        "listOrganizationApplicationTokens" => (same, again::<ApplicationTokens>),
        "createOrganizationApplicationToken" => (again::<CreateApplicationToken>, again::<ApplicationToken>),
        "getOrgRobots" | "getUserRobots" => (same, again::<Robots>),
        "getOrgRobot" | "getUserRobot" | "regenerateOrgRobotToken" | "regenerateUserRobotToken" => {
            (same, again::<Robot>)
        }
        // a body that is no JSON is ignored
        "createOrgRobot" | "createUserRobot" => {
            (|json| if json.is_object() { again::<CreateRobot>(json) } else { same(json) }, again::<Robot>)
        }
        "getOrgRobotPermissions" | "getUserRobotPermissions" | "getOrganizationTeamPermissions" => {
            (same, again::<RobotPermissions>)
        }
        "updateOrganizationTeam" => (again::<PutTeam>, again::<Team>),
        "getOrganizationTeamMembers" => (same, again::<TeamMembers>),
        "updateOrganizationTeamMember" => (same, again::<TeamMember>),
        "inviteTeamMemberEmail" => (same, again::<Invited>),
        "getOrganizationPrototypePermissions" => (same, again::<Prototypes>),
        "createOrganizationPrototypePermission" => (again::<CreatePrototype>, again::<Prototype>),
        "updateOrganizationPrototypePermission" => (same, again::<Prototype>),
        "listRepos" => (same, again::<Repositories>),
        "createRepo" => (again::<CreateRepository>, again::<RepositoryCreated>),
        "getRepo" => (same, again::<Repository>),
        "updateRepo" => (again::<UpdateRepository>, again::<Success>),
        "changeRepoVisibility" => (again::<ChangeVisibility>, again::<Option<Success>>),
        "changeRepoState" => (again::<ChangeState>, again::<Success>),
        "listStarredRepos" => (same, again::<StarredRepositories>),
        "createStar" => (again::<StarRepository>, again::<StarRepository>),
        "listRepoUserPermissions" => (same, again::<UserPermissions>),
        "getUserPermissions" => (same, again::<UserPermission>),
        "changeUserPermissions" => (again::<RolePut>, again::<UserPermission>),
        "listRepoTeamPermissions" => (same, again::<TeamPermissions>),
        "getTeamPermissions" => (same, again::<TeamPermission>),
        "changeTeamPermissions" => (again::<RolePut>, again::<TeamPermission>),
        "listRepoTags" => (same, again::<TagPage>),
        "changeTag" => (again::<ChangeTag>, same),
        "restoreTag" => (again::<RestoreTag>, same),
        "getRepoManifest" => (same, again::<Manifest>),
        "listManifestLabels" => (same, again::<Labels>),
        "addManifestLabel" => (again::<CreateLabel>, again::<LabelCreated>),
        "getManifestLabel" => (same, again::<Label>),
        "listOrganizationAutoPrunePolicies" | "listRepositoryAutoPrunePolicies" | "listUserAutoPrunePolicies" => {
            (same, again::<AutoPrunePolicies>)
        }
        "createOrganizationAutoPrunePolicy" | "createRepositoryAutoPrunePolicy" | "createUserAutoPrunePolicy" => {
            (again::<CreateAutoPrunePolicy>, again::<PolicyCreated>)
        }
        "getOrganizationAutoPrunePolicy" | "getRepositoryAutoPrunePolicy" | "getUserAutoPrunePolicy" => {
            (same, again::<AutoPrunePolicy>)
        }
        "deleteOrganizationAutoPrunePolicy" | "deleteRepositoryAutoPrunePolicy" | "deleteUserAutoPrunePolicy" => {
            (same, again::<PolicyCreated>)
        }
        "listOrganizationQuota" | "listOrganizationQuotaSuperUser" | "listUserQuota" => (same, again::<Vec<Quota>>),
        "createOrganizationQuota" | "createOrganizationQuotaSuperUser" => (again::<CreateQuota>, same),
        "getOrganizationQuota" => (same, again::<Quota>),
        "changeOrganizationQuota" | "changeOrganizationQuotaSuperUser" => (again::<UpdateQuota>, again::<Quota>),
        "listOrganizationQuotaLimit" => (same, again::<Vec<QuotaLimit>>),
        "createOrganizationQuotaLimit" => (again::<CreateQuotaLimit>, same),
        "getOrganizationQuotaLimit" => (same, again::<QuotaLimit>),
        "changeOrganizationQuotaLimit" => (again::<UpdateQuotaLimit>, again::<Quota>),
        "getMatchingEntities" => (same, again::<Entities>),
        "conductRepoSearch" => (same, again::<FoundRepositories>),
        "getRegistryCapabilities" => (same, again::<Capabilities>),
        "healthInstance" | "healthEndToEnd" => (same, again::<Health>),
        "requestAuthorization"
        | "assignAuthorization"
        | "takeOwnership"
        | "getOrganizationCollaborators"
        | "getOrgRobotFederation"
        | "createOrgRobotFederation"
        | "getUserTransitivePermission"
        | "removeTagFromTimemachine"
        | "linkExternalUser"
        | "conductSearch"
        | "getErrorDescription"
        | "getGlobalMessages"
        | "clientConfig"
        | "registryToken" => (same, same),
        _ => return None,
    })
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        other => panic!("{other}"),
    }
}

#[test]
fn recorded_answers_come_out_as_they_went_in() {
    let mut wrong = Vec::new();
    for line in ANSWERS.lines() {
        let exchange: Json = serde_json::from_str(line).unwrap();
        let (name, path) = (&exchange["name"], exchange["path"].as_str().unwrap());
        let path = path.split('?').next().unwrap();
        let Route::Found(endpoint, _) = find_route(method(exchange["method"].as_str().unwrap()), path) else {
            wrong.push(format!("{name}: no route for {path}"));
            continue;
        };
        let Some((request, answer)) = types(endpoint.operation) else {
            wrong.push(format!("{name}: no types for {}", endpoint.operation));
            continue;
        };
        match answer(&exchange["response"]) {
            Ok(json) if json == exchange["response"] => {}
            Ok(json) => wrong.push(format!("{name}: answer\n  was {}\n  is  {json}", exchange["response"])),
            Err(error) => wrong.push(format!("{name}: answer: {error}\n  {}", exchange["response"])),
        }
        // Quay ignores keys that it does not know, so requests must only be readable
        if !exchange["request"].is_null()
            && let Err(error) = request(&exchange["request"])
        {
            wrong.push(format!("{name}: request: {error}\n  {}", exchange["request"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
