-- Links with which a forgotten password is replaced. The same file exists for the other engine.

CREATE TABLE password_reset (
    -- Whose; the last link counts.
    user_id    UUID PRIMARY KEY REFERENCES users (id),
    -- SHA-256 of the secret in the link; the secret is not here.
    hash       BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX password_reset_hash ON password_reset (hash);
