-- The first schema. The same file exists for the other engine; tests/schema_parity.rs compares them.
-- House dialect (ADR 0002): times are UTC milliseconds, no booleans (a column says *when*), ids are UUIDs.

-- Locked by every writing transaction, so that there is one writer here as on SQLite (ADR 0003).
CREATE TABLE writer (id BIGINT PRIMARY KEY);

-- What there is once per database.
CREATE TABLE instance (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    -- This database's line of history (guarantee.md 7).
    incarnation    UUID NOT NULL,
    created_at     BIGINT NOT NULL,
    -- Written by the first `serve`; a node with another one refuses to start.
    issuer         TEXT,
    -- Frozen by the first PAT.
    token_prefix   TEXT,
    -- A known value sealed under the root key: tells a wrong one.
    root_check     BYTEA NOT NULL,
    -- Raised by a new catalogue and by "everything older": kills every access token made before.
    epoch          BIGINT NOT NULL,
    -- The catalogue in force.
    catalogue      BIGINT NOT NULL,
    -- Changes with every change of a key record, so that a decision notices in its own snapshot.
    key_set        BIGINT NOT NULL,
    -- Rows that carry this import's id are hidden (see the views).
    import_pending UUID
);

-- The feed's counter: one row, so that numbers are gapless and in commit order (ADR 0004).
CREATE TABLE feed_head (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO feed_head (id, seq) VALUES (1, 0);

-- What verifiers must learn: a dead PAT, or an epoch that rose.
CREATE TABLE feed_item (
    seq     BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    pat     UUID,
    user_id UUID,
    tree    UUID,
    key_id  UUID,
    epoch   BIGINT
);

-- Role catalogues by version; a version never changes.
CREATE TABLE catalogue (
    version    BIGINT PRIMARY KEY,
    applied_at BIGINT NOT NULL,
    body       TEXT NOT NULL
);

CREATE TABLE users (
    id                UUID PRIMARY KEY,
    external_id       TEXT,
    email             TEXT NOT NULL,
    -- The address as it is compared.
    email_key         TEXT NOT NULL,
    email_verified_at BIGINT,
    full_name         TEXT NOT NULL,
    -- PHC string, argon2id or bcrypt; without one nobody can sign in by password.
    password_hash     TEXT,
    created_at        BIGINT NOT NULL,
    suspended_at      BIGINT,
    import_id         UUID
);
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE UNIQUE INDEX users_external ON users (external_id);
CREATE INDEX users_import ON users (import_id) WHERE import_id IS NOT NULL;

-- Deleted organizations stay as rows: ids are never used again. Their names are free.
CREATE TABLE organization (
    id          UUID PRIMARY KEY,
    -- Itself for a root.
    root_id     UUID NOT NULL REFERENCES organization (id),
    parent_id   UUID REFERENCES organization (id),
    -- 1 for a root, at most 16.
    depth       BIGINT NOT NULL,
    external_id TEXT,
    name        TEXT NOT NULL,
    -- The name as it is compared (contract.md 1).
    name_key    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    deleted_at  BIGINT,
    import_id   UUID
);
CREATE UNIQUE INDEX organization_name ON organization (root_id, name_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX organization_external ON organization (external_id);
CREATE INDEX organization_parent ON organization (parent_id);
CREATE INDEX organization_root ON organization (root_id);
CREATE INDEX organization_import ON organization (import_id) WHERE import_id IS NOT NULL;

-- The path to the root of every living organization, itself included; kept by what creates, moves and deletes.
CREATE TABLE organization_ancestor (
    organization UUID NOT NULL,
    -- The ancestor's depth.
    depth        BIGINT NOT NULL,
    ancestor     UUID NOT NULL,
    PRIMARY KEY (organization, depth)
);
CREATE INDEX organization_ancestor_below ON organization_ancestor (ancestor, organization);

-- One row per person and organization, for ever: an ended one is remembered, so that no import brings it back.
CREATE TABLE membership (
    user_id         UUID NOT NULL REFERENCES users (id),
    organization_id UUID NOT NULL REFERENCES organization (id),
    -- Role keys, sorted, separated by spaces.
    roles           TEXT NOT NULL,
    -- Since when the roles hold `owner`; null without it.
    owner_since     BIGINT,
    created_at      BIGINT NOT NULL,
    suspended_at    BIGINT,
    ended_at        BIGINT,
    import_id       UUID,
    PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX membership_organization ON membership (organization_id, user_id);
CREATE INDEX membership_import ON membership (import_id) WHERE import_id IS NOT NULL;

-- Epochs (guarantee.md 2). Never deleted: leaving and coming back continues the count.
CREATE TABLE user_epoch (
    user_id UUID NOT NULL,
    tree    UUID NOT NULL,
    epoch   BIGINT NOT NULL,
    PRIMARY KEY (user_id, tree)
);
CREATE TABLE tree_epoch (
    tree  UUID PRIMARY KEY,
    epoch BIGINT NOT NULL
);

-- Personal API tokens. The secret is not here: `mac` is HMAC-SHA-256 of its hash under a pepper (P12).
CREATE TABLE pat (
    id              UUID PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id),
    organization_id UUID NOT NULL REFERENCES organization (id),
    -- The root of the organization's tree: PATs never leave it.
    tree            UUID NOT NULL,
    mac             BYTEA NOT NULL,
    -- The key record of the pepper that made `mac`.
    pepper          UUID NOT NULL,
    name            TEXT NOT NULL,
    -- Prefix, ellipsis and the last four characters; null when only a hash was imported.
    hint            TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    -- Permission names separated by spaces; null: all the user has.
    ceiling         TEXT,
    -- `subtree`, `organization`, or ids of sub-organizations separated by spaces.
    reach           TEXT NOT NULL,
    -- CIDR networks separated by spaces; null: from anywhere.
    networks        TEXT,
    revoked_at      BIGINT,
    -- Why: `user`, `manager`, `operator`, `membership_ended`, `organization_deleted`.
    revoked_because TEXT,
    -- By whom; null for the operator.
    revoked_by      UUID,
    import_id       UUID
);
CREATE UNIQUE INDEX pat_mac ON pat (mac);
CREATE INDEX pat_holder ON pat (organization_id, user_id);
CREATE INDEX pat_user ON pat (user_id);
CREATE INDEX pat_import ON pat (import_id) WHERE import_id IS NOT NULL;

-- Last use (P14): apart from the token, so that recording it never waits for anything.
CREATE TABLE pat_use (
    pat          UUID PRIMARY KEY,
    used_at      BIGINT NOT NULL,
    address      TEXT,
    client       TEXT,
    organization UUID NOT NULL
);

-- Signed-in people. The cookie is not here, only its SHA-256.
CREATE TABLE session (
    id               UUID PRIMARY KEY,
    hash             BYTEA NOT NULL,
    user_id          UUID NOT NULL REFERENCES users (id),
    created_at       BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    seen_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    address          TEXT,
    client           TEXT
);
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_holder ON session (user_id);

-- Secret keys, sealed under the root key with the record's purpose and id as associated data.
CREATE TABLE key_record (
    id           UUID PRIMARY KEY,
    purpose      TEXT NOT NULL,
    algorithm    TEXT NOT NULL,
    sealed       BYTEA NOT NULL,
    public_key   BYTEA,
    created_at   BIGINT NOT NULL,
    publish_from BIGINT NOT NULL,
    sign_from    BIGINT NOT NULL,
    retire_at    BIGINT,
    dropped_at   BIGINT
);

-- The audit log: per tree (the nil UUID: the instance) a hash chain. People appear as ids only.
CREATE TABLE audit_head (
    tree UUID PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
CREATE TABLE audit_record (
    tree          UUID NOT NULL,
    seq           BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    action        TEXT NOT NULL,
    -- `session`, `token`, `operator` or `import`.
    via           TEXT NOT NULL,
    -- The person; null for the operator.
    actor         UUID,
    organization  UUID,
    -- The user, token, organization, session or key that it happened to.
    subject       UUID,
    -- Machine words only: role keys, versions, reasons.
    detail        TEXT NOT NULL,
    request       UUID,
    previous_hash BYTEA NOT NULL,
    hash          BYTEA NOT NULL,
    PRIMARY KEY (tree, seq)
);
CREATE INDEX audit_record_organization ON audit_record (organization, seq);
-- Where from: what identifies a person's device lies apart from the chain and can be erased.
CREATE TABLE audit_origin (
    tree    UUID NOT NULL,
    seq     BIGINT NOT NULL,
    person  UUID NOT NULL,
    address TEXT,
    client  TEXT,
    PRIMARY KEY (tree, seq)
);
CREATE INDEX audit_origin_person ON audit_origin (person);

-- An import under way: its rows are hidden until the last batch. `beat_at` shows that it lives.
CREATE TABLE import_run (
    id         UUID PRIMARY KEY,
    started_at BIGINT NOT NULL,
    beat_at    BIGINT NOT NULL
);

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
