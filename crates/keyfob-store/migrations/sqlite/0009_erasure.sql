-- People who were erased. The same file exists for the other engine.

-- Since when nothing names them any more. The row stays: ids are never used again.
ALTER TABLE users ADD COLUMN erased_at INTEGER;
-- The view again: somebody who was erased is seen nowhere.
DROP VIEW visible_user;
CREATE VIEW visible_user AS
    SELECT u.* FROM users u
    WHERE u.erased_at IS NULL
      AND (u.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = u.import_id));

-- By what an import recognises them, so that it does not bring them back.
CREATE TABLE erased_name (
    -- HMAC-SHA-256 of their address, or of their id in another system, under a key of its own.
    mac     BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id)
) STRICT, WITHOUT ROWID;
