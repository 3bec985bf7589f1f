//! Teams and their members.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{PutTeam, RobotPermission, RobotPermissions, Team, TeamMember, TeamMembers, endpoints};
use crate::quay::error::QuayError;

impl Client {
    /// Makes or changes a team.
    ///
    /// # Errors
    /// The organization is missing, the name is wrong, or the change would take away the caller's own rights.
    pub async fn put_team(&self, organization: &str, team: &str, to: &PutTeam) -> Result<Team, QuayError> {
        let call = Call::new(&endpoints::PUT_TEAM, &[organization, team])?.json(to)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Deletes a team; false where there is none.
    ///
    /// # Errors
    /// It is the last one that makes the caller an administrator.
    pub async fn delete_team(&self, organization: &str, team: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_TEAM, &[organization, team])?, &["is not a team in org"]).await
    }

    /// A team's members and pending invitations; `None` where the team is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn team_members(&self, organization: &str, team: &str) -> Result<Option<TeamMembers>, QuayError> {
        let call = Call::new(&endpoints::LIST_TEAM_MEMBERS, &[organization, team])?.query("includePending", "true");
        self.find(&call).await
    }

    /// The repositories that a team may use; none where the team is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn team_permissions(&self, organization: &str, team: &str) -> Result<Vec<RobotPermission>, QuayError> {
        let call = Call::new(&endpoints::TEAM_REPOSITORY_PERMISSIONS, &[organization, team])?;
        Ok(self.find::<RobotPermissions>(&call).await?.map(|list| list.permissions).unwrap_or_default())
    }

    /// Adds a user or robot to a team, or invites the user where Quay sends mail. The caller looks before that the member
    /// is not there: Quay refuses a member and sends an invitation twice.
    ///
    /// # Errors
    /// The user or team is missing.
    pub async fn add_team_member(&self, organization: &str, team: &str, member: &str) -> Result<TeamMember, QuayError> {
        let call = Call::new(&endpoints::ADD_TEAM_MEMBER, &[organization, team, member])?;
        let verify = || async {
            let members = self.team_members(organization, team).await?;
            Ok(members.and_then(|all| all.members.into_iter().find(|found| found.name.as_deref() == Some(member))))
        };
        self.create(&call, |answer| answer.json(&call), verify).await
    }

    /// Removes a member or takes back an invitation; false where there was neither.
    ///
    /// # Errors
    /// It is the caller's own last place among the administrators.
    pub async fn remove_team_member(&self, organization: &str, team: &str, member: &str) -> Result<bool, QuayError> {
        let call = Call::new(&endpoints::REMOVE_TEAM_MEMBER, &[organization, team, member])?;
        self.delete(&call, &["does not belong to team"]).await
    }

    /// Invites somebody by e-mail address.
    ///
    /// # Errors
    /// Quay sends no mail.
    pub async fn invite_team_member(&self, organization: &str, team: &str, email: &str) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::INVITE_TEAM_MEMBER, &[organization, team, email])?;
        let verify = || async {
            let members = self.team_members(organization, team).await?;
            let invited = members.is_some_and(|all| all.members.iter().any(|m| m.email.as_deref() == Some(email)));
            Ok(invited.then_some(()))
        };
        self.create(&call, |_| Ok(()), verify).await
    }

    /// Takes back an invitation by e-mail address.
    ///
    /// # Errors
    /// Quay sends no mail.
    pub async fn delete_team_invite(&self, organization: &str, team: &str, email: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_TEAM_INVITE, &[organization, team, email])?, &[]).await
    }
}
