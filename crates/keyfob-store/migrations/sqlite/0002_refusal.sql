-- Refused exchanges of tokens whose text was right (P16). The same file exists for the other engine.

-- How often a token was refused, by reason.
CREATE TABLE pat_refusal_count (
    pat    BLOB NOT NULL,
    -- `revoked` (why and by whom stands with the token), `expired`, `network`, `target` and the like.
    reason TEXT NOT NULL,
    times  INTEGER NOT NULL,
    PRIMARY KEY (pat, reason)
) STRICT, WITHOUT ROWID;

-- The latest refusals of each token and reason; older ones give way. Apart from the audit log, because
-- what identifies a person's device can be erased.
CREATE TABLE pat_refusal (
    -- The refused request, as in `X-Request-Id`.
    request      BLOB PRIMARY KEY,
    pat          BLOB NOT NULL,
    reason       TEXT NOT NULL,
    refused_at   INTEGER NOT NULL,
    address      TEXT,
    client       TEXT,
    -- The organization asked for, whether or not there is one.
    organization BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pat_refusal_latest ON pat_refusal (pat, reason, request);
