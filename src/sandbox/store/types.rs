//! Row numbers and closed sets of words, as types.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::value::Secret;

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )+};
}

row_id! {
    /// A user, organization or robot.
    AccountId,
    /// A team.
    TeamId,
    /// A default permission.
    PrototypeId,
    /// An OAuth application.
    ApplicationId,
    /// An OAuth token.
    OauthTokenId,
    /// A repository.
    RepositoryId,
    /// A manifest in one repository.
    ManifestId,
    /// One life of a tag.
    TagId,
    /// A quota of a namespace.
    QuotaId,
    /// A limit of a quota.
    QuotaLimitId,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }

        impl $name {
            /// The word on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    };
}

words! {
    /// What an account is.
    AccountKind {
        /// A person.
        User = "user",
        /// A namespace with teams.
        Organization = "organization",
        /// A credential `namespace+name`.
        Robot = "robot",
    }
}

words! {
    /// What a team may do in its organization; ordered by power.
    TeamRole {
        /// Only what repositories grant it.
        Member = "member",
        /// May create repositories.
        Creator = "creator",
        /// May do everything.
        Admin = "admin",
    }
}

words! {
    /// What a grantee may do with a repository; ordered by power.
    RepositoryRole {
        /// Pull.
        Read = "read",
        /// Pull and push.
        Write = "write",
        /// Everything.
        Admin = "admin",
    }
}

words! {
    /// Who may see a repository.
    Visibility {
        /// Everybody.
        Public = "public",
        /// Those with a permission.
        Private = "private",
    }
}

words! {
    /// What a repository holds.
    RepositoryKind {
        /// Images and artifacts.
        Image = "image",
        /// Application packages (kept by Quay for its past only).
        Application = "application",
    }
}

words! {
    /// Whether and by whom a repository may be written.
    RepositoryState {
        /// By those with write permission.
        Normal = "NORMAL",
        /// By nobody.
        ReadOnly = "READ_ONLY",
        /// By its mirror only.
        Mirror = "MIRROR",
        /// By its organization's mirror only.
        OrgMirror = "ORG_MIRROR",
    }
}

words! {
    /// What a quota limit does when it is reached.
    LimitKind {
        /// Tells.
        Warning = "Warning",
        /// Refuses pushes.
        Reject = "Reject",
    }
}

// Secrets are stored as they are: the file is readable by its owner only, and Quay gives them back.
impl ToSql for Secret {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.expose().into())
    }
}

impl FromSql for Secret {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::new)
    }
}
