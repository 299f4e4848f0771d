-- The first schema. The same file exists for the other engine; tests/schema_parity.rs compares them.
-- House dialect (ADR 0002): times are UTC milliseconds, no booleans (a column says *when*), ids are UUIDs.

-- What there is once per database.
CREATE TABLE instance (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    -- This database's line of history (guarantee.md 7).
    incarnation    BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    -- Written by the first `serve`; a node with another one refuses to start.
    issuer         TEXT,
    -- Frozen by the first PAT.
    token_prefix   TEXT,
    -- A known value sealed under the root key: tells a wrong one.
    root_check     BLOB NOT NULL,
    -- Raised by a new catalogue and by "everything older": kills every access token made before.
    epoch          INTEGER NOT NULL,
    -- The catalogue in force.
    catalogue      INTEGER NOT NULL,
    -- Changes with every change of a key record, so that a decision notices in its own snapshot.
    key_set        INTEGER NOT NULL,
    -- Rows that carry this import's id are hidden (see the views).
    import_pending BLOB
) STRICT;

-- The feed's counter: one row, so that numbers are gapless and in commit order (ADR 0004).
CREATE TABLE feed_head (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO feed_head (id, seq) VALUES (1, 0);

-- What verifiers must learn: a dead PAT, or an epoch that rose.
CREATE TABLE feed_item (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    pat     BLOB,
    user_id BLOB,
    tree    BLOB,
    key_id  BLOB,
    epoch   INTEGER
) STRICT;

-- Role catalogues by version; a version never changes.
CREATE TABLE catalogue (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id                BLOB PRIMARY KEY,
    external_id       TEXT,
    email             TEXT NOT NULL,
    -- The address as it is compared.
    email_key         TEXT NOT NULL,
    email_verified_at INTEGER,
    full_name         TEXT NOT NULL,
    -- PHC string, argon2id or bcrypt; without one nobody can sign in by password.
    password_hash     TEXT,
    created_at        INTEGER NOT NULL,
    suspended_at      INTEGER,
    import_id         BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE UNIQUE INDEX users_external ON users (external_id);
CREATE INDEX users_import ON users (import_id) WHERE import_id IS NOT NULL;

-- Deleted organizations stay as rows: ids are never used again. Their names are free.
CREATE TABLE organization (
    id          BLOB PRIMARY KEY,
    -- Itself for a root.
    root_id     BLOB NOT NULL REFERENCES organization (id),
    parent_id   BLOB REFERENCES organization (id),
    -- 1 for a root, at most 16.
    depth       INTEGER NOT NULL,
    external_id TEXT,
    name        TEXT NOT NULL,
    -- The name as it is compared (contract.md 1).
    name_key    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    import_id   BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX organization_name ON organization (root_id, name_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX organization_external ON organization (external_id);
CREATE INDEX organization_parent ON organization (parent_id);
CREATE INDEX organization_root ON organization (root_id);
CREATE INDEX organization_import ON organization (import_id) WHERE import_id IS NOT NULL;

-- The path to the root of every living organization, itself included; kept by what creates, moves and deletes.
CREATE TABLE organization_ancestor (
    organization BLOB NOT NULL,
    -- The ancestor's depth.
    depth        INTEGER NOT NULL,
    ancestor     BLOB NOT NULL,
    PRIMARY KEY (organization, depth)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_ancestor_below ON organization_ancestor (ancestor, organization);

-- One row per person and organization, for ever: an ended one is remembered, so that no import brings it back.
CREATE TABLE membership (
    user_id         BLOB NOT NULL REFERENCES users (id),
    organization_id BLOB NOT NULL REFERENCES organization (id),
    -- Role keys, sorted, separated by spaces.
    roles           TEXT NOT NULL,
    -- Since when the roles hold `owner`; null without it.
    owner_since     INTEGER,
    created_at      INTEGER NOT NULL,
    suspended_at    INTEGER,
    ended_at        INTEGER,
    import_id       BLOB,
    PRIMARY KEY (user_id, organization_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_organization ON membership (organization_id, user_id);
CREATE INDEX membership_import ON membership (import_id) WHERE import_id IS NOT NULL;

-- Epochs (guarantee.md 2). Never deleted: leaving and coming back continues the count.
CREATE TABLE user_epoch (
    user_id BLOB NOT NULL,
    tree    BLOB NOT NULL,
    epoch   INTEGER NOT NULL,
    PRIMARY KEY (user_id, tree)
) STRICT, WITHOUT ROWID;
CREATE TABLE tree_epoch (
    tree  BLOB PRIMARY KEY,
    epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Personal API tokens. The secret is not here: `mac` is HMAC-SHA-256 of its hash under a pepper (P12).
CREATE TABLE pat (
    id              BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id),
    organization_id BLOB NOT NULL REFERENCES organization (id),
    -- The root of the organization's tree: PATs never leave it.
    tree            BLOB NOT NULL,
    mac             BLOB NOT NULL,
    -- The key record of the pepper that made `mac`.
    pepper          BLOB NOT NULL,
    name            TEXT NOT NULL,
    -- Prefix, ellipsis and the last four characters; null when only a hash was imported.
    hint            TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    -- Permission names separated by spaces; null: all the user has.
    ceiling         TEXT,
    -- `subtree`, `organization`, or ids of sub-organizations separated by spaces.
    reach           TEXT NOT NULL,
    -- CIDR networks separated by spaces; null: from anywhere.
    networks        TEXT,
    revoked_at      INTEGER,
    -- Why: `user`, `manager`, `operator`, `membership_ended`, `organization_deleted`.
    revoked_because TEXT,
    -- By whom; null for the operator.
    revoked_by      BLOB,
    import_id       BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pat_mac ON pat (mac);
CREATE INDEX pat_holder ON pat (organization_id, user_id);
CREATE INDEX pat_user ON pat (user_id);
CREATE INDEX pat_import ON pat (import_id) WHERE import_id IS NOT NULL;

-- Last use (P14): apart from the token, so that recording it never waits for anything.
CREATE TABLE pat_use (
    pat          BLOB PRIMARY KEY,
    used_at      INTEGER NOT NULL,
    address      TEXT,
    client       TEXT,
    organization BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Signed-in people. The cookie is not here, only its SHA-256.
CREATE TABLE session (
    id               BLOB PRIMARY KEY,
    hash             BLOB NOT NULL,
    user_id          BLOB NOT NULL REFERENCES users (id),
    created_at       INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER,
    address          TEXT,
    client           TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_holder ON session (user_id);

-- Secret keys, sealed under the root key with the record's purpose and id as associated data.
CREATE TABLE key_record (
    id           BLOB PRIMARY KEY,
    purpose      TEXT NOT NULL,
    algorithm    TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    public_key   BLOB,
    created_at   INTEGER NOT NULL,
    publish_from INTEGER NOT NULL,
    sign_from    INTEGER NOT NULL,
    retire_at    INTEGER,
    dropped_at   INTEGER
) STRICT;

-- The audit log: per tree (the nil UUID: the instance) a hash chain. People appear as ids only.
CREATE TABLE audit_head (
    tree BLOB PRIMARY KEY,
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_record (
    tree          BLOB NOT NULL,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    action        TEXT NOT NULL,
    -- `session`, `token`, `operator` or `import`.
    via           TEXT NOT NULL,
    -- The person; null for the operator.
    actor         BLOB,
    organization  BLOB,
    -- The user, token, organization, session or key that it happened to.
    subject       BLOB,
    -- Machine words only: role keys, versions, reasons.
    detail        TEXT NOT NULL,
    request       BLOB,
    previous_hash BLOB NOT NULL,
    hash          BLOB NOT NULL,
    PRIMARY KEY (tree, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_record_organization ON audit_record (organization, seq);
-- Where from: what identifies a person's device lies apart from the chain and can be erased.
CREATE TABLE audit_origin (
    tree    BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    person  BLOB NOT NULL,
    address TEXT,
    client  TEXT,
    PRIMARY KEY (tree, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_origin_person ON audit_origin (person);

-- An import under way: its rows are hidden until the last batch. `beat_at` shows that it lives.
CREATE TABLE import_run (
    id         BLOB PRIMARY KEY,
    started_at INTEGER NOT NULL,
    beat_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What counts. Deleted, ended and hidden rows are left out here and nowhere else.
CREATE VIEW visible_user AS
    SELECT u.* FROM users u
    WHERE u.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = u.import_id);
CREATE VIEW living_organization AS
    SELECT o.* FROM organization o
    WHERE o.deleted_at IS NULL
      AND (o.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = o.import_id));
CREATE VIEW living_membership AS
    SELECT m.* FROM membership m
    WHERE m.ended_at IS NULL
      AND (m.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = m.import_id));
CREATE VIEW visible_pat AS
    SELECT p.* FROM pat p
    WHERE p.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = p.import_id);
