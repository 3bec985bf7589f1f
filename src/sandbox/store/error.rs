//! What can go wrong in the store.

use std::path::PathBuf;

/// A failure of the embedded database or of its folder. None of them is a user's mistake.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state folder cannot be made.
    #[error("the state folder `{}` cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database file cannot be opened.
    #[error("the database `{}` cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The database was made by another release.
    #[error("the database has layout {found}, this release reads layout {expected}")]
    Layout {
        /// Layout in the file.
        found: i64,
        /// Layout that this release writes.
        expected: i64,
    },
    /// A statement failed.
    #[error("a database statement failed")]
    Statement(#[from] rusqlite::Error),
    /// Stored JSON cannot be read back.
    #[error("stored JSON cannot be read")]
    Json(#[from] serde_json::Error),
    /// The thread that did the work ended before its time.
    #[error("the database worker ended early")]
    Worker(#[source] tokio::task::JoinError),
}

impl StoreError {
    /// The columns of a violated uniqueness rule, as SQLite names them (`accounts.name`), where that is what happened.
    pub fn duplicate(&self) -> Option<&str> {
        match self {
            Self::Statement(rusqlite::Error::SqliteFailure(failure, Some(message)))
                if failure.code == rusqlite::ErrorCode::ConstraintViolation =>
            {
                message.strip_prefix("UNIQUE constraint failed: ")
            }
            _ => None,
        }
    }
}
