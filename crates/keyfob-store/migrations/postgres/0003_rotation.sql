-- Tokens that were replaced by a successor (P10). The same file exists for the other engine.
-- `pat.revoked_because` has two words more: `rotated` and `unseen_successor`.

CREATE TABLE pat_rotation (
    -- The old token: it is rotated once, whatever becomes of its successor.
    pat           UUID PRIMARY KEY REFERENCES pat (id),
    -- What replaced it; another one after the request was repeated.
    successor     UUID NOT NULL REFERENCES pat (id),
    rotated_at    BIGINT NOT NULL,
    -- When the old token ends; `rotated_at` without an overlap.
    ends_at       BIGINT NOT NULL,
    -- SHA-256 of the request, its `Idempotency-Key` included, and until when it can be repeated; null
    -- when it came without a key.
    attempt       BYTEA,
    attempt_until BIGINT,
    -- When the successor was first exchanged; null until then.
    used_at       BIGINT
);
CREATE UNIQUE INDEX pat_rotation_successor ON pat_rotation (successor);
CREATE INDEX pat_rotation_end ON pat_rotation (ends_at);
