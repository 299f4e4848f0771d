-- Links with which the first account is made (D8). The same file exists for the other engine.

CREATE TABLE setup_link (
    -- SHA-256 of the secret in the link; the secret is not here.
    hash       BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
