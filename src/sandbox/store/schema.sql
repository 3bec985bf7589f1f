-- The sandbox's whole state, besides the blob folder. Times are milliseconds since 1970 in UTC.

-- What the server itself must remember, such as its key.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'organization', 'robot')),
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    password_hash TEXT,
    enabled INTEGER NOT NULL DEFAULT 1,
    verified INTEGER NOT NULL DEFAULT 1,
    tag_expiration_s INTEGER NOT NULL,
    given_name TEXT,
    family_name TEXT,
    company TEXT,
    location TEXT,
    invoice_email INTEGER NOT NULL DEFAULT 0,
    invoice_email_address TEXT,
    -- the prompts that the user has not answered yet, comma-separated
    prompts TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
);
-- an organization keeps its contact address here too; others may have the same
CREATE UNIQUE INDEX accounts_email ON accounts (email) WHERE kind = 'user' AND email IS NOT NULL;
CREATE INDEX accounts_kind ON accounts (kind, name);

-- Names of deleted users and organizations: taken until the time, as in Quay until its garbage worker ran.
CREATE TABLE retired_names (name TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE robots (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    owner_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    federation TEXT NOT NULL DEFAULT '[]',
    last_accessed_ms INTEGER
);
CREATE INDEX robots_owner ON robots (owner_id);

CREATE TABLE teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('member', 'creator', 'admin')),
    description TEXT NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE team_members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    UNIQUE (team_id, account_id)
);
CREATE INDEX team_members_account ON team_members (account_id);

-- Members that must accept first: known users, or e-mail addresses.
CREATE TABLE team_invites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    email TEXT,
    CHECK ((account_id IS NULL) <> (email IS NULL))
);
CREATE INDEX team_invites_team ON team_invites (team_id);

-- Default permissions. Exactly one of the two delegates is set.
CREATE TABLE prototypes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    activating_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    delegate_account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    delegate_team_id INTEGER REFERENCES teams (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('read', 'write', 'admin')),
    CHECK ((delegate_account_id IS NULL) <> (delegate_team_id IS NULL))
);
CREATE INDEX prototypes_organization ON prototypes (organization_id);

CREATE TABLE applications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id TEXT NOT NULL UNIQUE,
    client_secret TEXT NOT NULL,
    organization_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    application_uri TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    avatar_email TEXT
);
CREATE INDEX applications_organization ON applications (organization_id);

-- Only the SHA-256 of a token is kept.
CREATE TABLE oauth_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE,
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT,
    scope TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    last_accessed_ms INTEGER
);
CREATE INDEX oauth_tokens_application ON oauth_tokens (application_id);
CREATE INDEX oauth_tokens_user ON oauth_tokens (user_id);

CREATE TABLE oauth_codes (
    code_hash TEXT PRIMARY KEY,
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE oauth_assignments (
    uuid TEXT PRIMARY KEY,
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    response_type TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oauth_assignments_user ON oauth_assignments (user_id);

CREATE TABLE app_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    token_code TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    last_accessed_ms INTEGER
);
CREATE INDEX app_tokens_user ON app_tokens (user_id);

CREATE TABLE sessions (
    id_hash TEXT PRIMARY KEY,
    user_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    csrf_token TEXT NOT NULL,
    signed_in_ms INTEGER,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'application')),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    state TEXT NOT NULL DEFAULT 'NORMAL' CHECK (state IN ('NORMAL', 'READ_ONLY', 'MIRROR', 'ORG_MIRROR')),
    description TEXT,
    status_token TEXT NOT NULL,
    -- the sum of its distinct blobs, kept current by whoever adds or removes manifests
    size_bytes INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    UNIQUE (namespace_id, name)
);
CREATE INDEX repositories_public ON repositories (id) WHERE visibility = 'public';

CREATE TABLE stars (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, repository_id)
) WITHOUT ROWID;
CREATE INDEX stars_repository ON stars (repository_id);

-- Exactly one of the two grantees is set.
CREATE TABLE permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    team_id INTEGER REFERENCES teams (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('read', 'write', 'admin')),
    CHECK ((account_id IS NULL) <> (team_id IS NULL))
);
CREATE UNIQUE INDEX permissions_account ON permissions (repository_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX permissions_team ON permissions (repository_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX permissions_by_account ON permissions (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX permissions_by_team ON permissions (team_id) WHERE team_id IS NOT NULL;

-- Content by digest; the bytes lie in the blob folder.
CREATE TABLE blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;

-- Which repository may read a blob: it was uploaded to it or mounted into it.
CREATE TABLE repository_blobs (
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest TEXT NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
    PRIMARY KEY (repository_id, digest)
) WITHOUT ROWID;
CREATE INDEX repository_blobs_digest ON repository_blobs (digest);

CREATE TABLE uploads (
    uuid TEXT PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    received INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_repository ON uploads (repository_id);

CREATE TABLE manifests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    config_media_type TEXT,
    artifact_type TEXT,
    -- digest of the manifest that this one refers to (OCI referrers)
    subject TEXT,
    annotations TEXT,
    bytes BLOB NOT NULL,
    -- sum of the layers; NULL for an index
    layers_size INTEGER,
    created_ms INTEGER NOT NULL,
    UNIQUE (repository_id, digest)
);
CREATE INDEX manifests_subject ON manifests (repository_id, subject) WHERE subject IS NOT NULL;

CREATE TABLE manifest_blobs (
    manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (manifest_id, position)
) WITHOUT ROWID;
CREATE INDEX manifest_blobs_digest ON manifest_blobs (digest);

CREATE TABLE manifest_children (
    manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (manifest_id, position)
) WITHOUT ROWID;
CREATE INDEX manifest_children_digest ON manifest_children (digest);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    source_type TEXT NOT NULL,
    media_type TEXT NOT NULL
);
CREATE INDEX labels_manifest ON labels (manifest_id);

-- One row per life of a tag. A tag is alive while end_ms is NULL or in the future.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    reversion INTEGER NOT NULL DEFAULT 0,
    -- keeps a manifest alive that was pushed by digest; never listed
    hidden INTEGER NOT NULL DEFAULT 0,
    immutable INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tags_name ON tags (repository_id, name, end_ms);
CREATE INDEX tags_start ON tags (repository_id, hidden, start_ms DESC, id DESC);
CREATE INDEX tags_manifest ON tags (manifest_id);

-- Exactly one of namespace and repository is set.
CREATE TABLE prune_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    namespace_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id INTEGER REFERENCES repositories (id) ON DELETE CASCADE,
    method TEXT NOT NULL,
    value TEXT NOT NULL,
    tag_pattern TEXT,
    tag_pattern_matches INTEGER NOT NULL DEFAULT 1,
    CHECK ((namespace_id IS NULL) <> (repository_id IS NULL))
);
CREATE INDEX prune_policies_namespace ON prune_policies (namespace_id);
CREATE INDEX prune_policies_repository ON prune_policies (repository_id);

-- Which tags may not be moved or deleted. Exactly one of namespace and repository is set.
CREATE TABLE immutability_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    namespace_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id INTEGER REFERENCES repositories (id) ON DELETE CASCADE,
    tag_pattern TEXT NOT NULL,
    tag_pattern_matches INTEGER NOT NULL DEFAULT 1,
    CHECK ((namespace_id IS NULL) <> (repository_id IS NULL))
);
CREATE INDEX immutability_policies_namespace ON immutability_policies (namespace_id);
CREATE INDEX immutability_policies_repository ON immutability_policies (repository_id);

CREATE TABLE quotas (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    limit_bytes INTEGER NOT NULL
);

CREATE TABLE quota_limits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    quota_id INTEGER NOT NULL REFERENCES quotas (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('Warning', 'Reject')),
    percent INTEGER NOT NULL
);
CREATE INDEX quota_limits_quota ON quota_limits (quota_id);

CREATE TABLE messages (
    uuid TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    severity TEXT NOT NULL,
    media_type TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- no foreign keys: the log outlives what it tells of
    namespace TEXT,
    repository TEXT,
    performer TEXT,
    ip TEXT,
    metadata TEXT NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE INDEX logs_namespace ON logs (namespace, at_ms);
CREATE INDEX logs_at ON logs (at_ms);
