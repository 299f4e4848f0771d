-- Tokens that were replaced by a successor (P10). The same file exists for the other engine.
-- `pat.revoked_because` has two words more: `rotated` and `unseen_successor`.

CREATE TABLE pat_rotation (
    -- The old token: it is rotated once, whatever becomes of its successor.
    pat           BLOB PRIMARY KEY REFERENCES pat (id),
    -- What replaced it; another one after the request was repeated.
    successor     BLOB NOT NULL REFERENCES pat (id),
    rotated_at    INTEGER NOT NULL,
    -- When the old token ends; `rotated_at` without an overlap.
    ends_at       INTEGER NOT NULL,
    -- SHA-256 of the request, its `Idempotency-Key` included, and until when it can be repeated; null
    -- when it came without a key.
    attempt       BLOB,
    attempt_until INTEGER,
    -- When the successor was first exchanged; null until then.
    used_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pat_rotation_successor ON pat_rotation (successor);
CREATE INDEX pat_rotation_end ON pat_rotation (ends_at);
