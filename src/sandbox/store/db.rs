//! Connections, transactions and the few ways that SQL is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, TransactionBehavior};

use super::error::StoreError;
use crate::sandbox::clock::Clock;

/// The layout that [`SCHEMA`] makes; a file with another one is refused.
const LAYOUT: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");
/// Idle read connections that are kept.
const MAX_IDLE_READERS: usize = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Large enough for every statement of the sandbox.
const STATEMENTS: usize = 256;

/// The embedded database: one writer, any number of concurrent readers. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    clock: Clock,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

/// One transaction: what every repository function takes. Its time stands still.
#[derive(Debug)]
pub struct Db<'c> {
    conn: &'c Connection,
    now_ms: i64,
}

impl Store {
    /// Opens `quay.db` in the state folder, makes both if they are absent.
    pub fn open(state: &Path, clock: Clock) -> Result<Self, StoreError> {
        fs::create_dir_all(state).map_err(|source| StoreError::Folder { path: state.to_owned(), source })?;
        let path = state.join("quay.db");
        let writer = connect(&path)?;
        // the state holds robot tokens, which must be given back in clear, so nobody else may read it
        for name in ["quay.db", "quay.db-wal", "quay.db-shm"] {
            restrict(&state.join(name))?;
        }
        prepare(&writer)?;
        Ok(Self { inner: Arc::new(Inner { path, clock, writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) }) })
    }

    /// Runs `work` in a read transaction on a blocking thread.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_blocking(work))
            .await
            .map_err(|source| E::from(StoreError::Worker(source)))?
    }

    /// Runs `work` in the one write transaction on a blocking thread; an error rolls everything back.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.write_blocking(work))
            .await
            .map_err(|source| E::from(StoreError::Worker(source)))?
    }

    /// [`Self::read`] on the calling thread, which must be allowed to block.
    pub fn read_blocking<T, E: From<StoreError>>(&self, work: impl FnOnce(&Db<'_>) -> Result<T, E>) -> Result<T, E> {
        let idle = lock(&self.inner.readers).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => connect(&self.inner.path)?,
        };
        let result = {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Deferred).map_err(StoreError::from)?;
            work(&Db { conn: &tx, now_ms: self.inner.clock.now_ms() })
        };
        let mut readers = lock(&self.inner.readers);
        if readers.len() < MAX_IDLE_READERS {
            readers.push(conn);
        }
        result
    }

    /// [`Self::write`] on the calling thread, which must be allowed to block.
    pub fn write_blocking<T, E: From<StoreError>>(&self, work: impl FnOnce(&Db<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = lock(&self.inner.writer);
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let value = work(&Db { conn: &tx, now_ms: self.inner.clock.now_ms() })?;
        tx.commit().map_err(StoreError::from)?;
        Ok(value)
    }
}

impl Db<'_> {
    /// The time of this transaction in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// At most one row.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.conn.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// All rows.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes rows and tells how many.
    pub fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// Adds a row and returns its number.
    pub fn insert(&self, sql: &str, params: impl Params) -> Result<i64, StoreError> {
        Ok(self.conn.prepare_cached(sql)?.insert(params)?)
    }

    /// A number from a query of one row and column; absent or NULL is 0.
    pub fn number(&self, sql: &str, params: impl Params) -> Result<i64, StoreError> {
        Ok(self.one(sql, params, |row| row.get::<_, Option<i64>>(0))?.flatten().unwrap_or(0))
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = |source| StoreError::Open { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(open)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(open)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "journal_mode", "WAL").map_err(open)?;
    // a crash of the machine may lose the last transactions, never the file: right for a rehearsal server
    conn.pragma_update(None, "synchronous", "NORMAL").map_err(open)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(open)?;
    conn.pragma_update(None, "cache_size", -32_768).map_err(open)?;
    Ok(conn)
}

fn prepare(conn: &Connection) -> Result<(), StoreError> {
    let found: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        LAYOUT => Ok(()),
        0 => {
            conn.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA}; PRAGMA user_version = {LAYOUT}; COMMIT;"))?;
            Ok(())
        }
        found => Err(StoreError::Layout { found, expected: LAYOUT }),
    }
}

fn restrict(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    match fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Folder { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // a panicking thread rolled its transaction back, so what the lock guards is still sound
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
