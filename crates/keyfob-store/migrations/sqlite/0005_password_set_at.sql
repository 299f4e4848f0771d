-- Since when a user has their password. The same file exists for the other engine.

-- Null without a password, and of one that was there before this column or came with an import.
ALTER TABLE users ADD COLUMN password_set_at INTEGER;
-- The view again, so that it has the column in both engines.
DROP VIEW visible_user;
CREATE VIEW visible_user AS
    SELECT u.* FROM users u
    WHERE u.import_id IS NULL OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = u.import_id);
