-- Invitations. The same file exists for the other engine.

-- One to an address, for one or several organizations of a tree. One that is accepted, withdrawn or
-- replaced is deleted: the audit log remembers it without the address.
CREATE TABLE invitation (
    id         UUID PRIMARY KEY,
    -- The root of the organizations' tree.
    tree       UUID NOT NULL,
    email      TEXT NOT NULL,
    -- The address as it is compared.
    email_key  TEXT NOT NULL,
    -- Who answers for it: made it, or sent it again.
    inviter    UUID NOT NULL REFERENCES users (id),
    -- SHA-256 of the secret in the link; the secret is not here.
    hash       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When this very link was mailed to the address; null while only the inviter may have it.
    mailed_at  BIGINT
);
CREATE UNIQUE INDEX invitation_hash ON invitation (hash);
CREATE INDEX invitation_address ON invitation (email_key);

-- What it promises.
CREATE TABLE invitation_grant (
    invitation      UUID NOT NULL REFERENCES invitation (id),
    organization_id UUID NOT NULL REFERENCES organization (id),
    -- Role keys, sorted, separated by spaces.
    roles           TEXT NOT NULL,
    PRIMARY KEY (invitation, organization_id)
);
CREATE INDEX invitation_grant_organization ON invitation_grant (organization_id);

-- Since when an account exists that was made by a link that was handed over, so perhaps not by whom the
-- address belongs to; null again once that is proved.
ALTER TABLE users ADD COLUMN handed_over_at BIGINT;
-- The view again, so that it has the column in both engines.
DROP VIEW visible_user;
CREATE VIEW visible_user AS
    SELECT u.* FROM users u
    WHERE u.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = u.import_id);
