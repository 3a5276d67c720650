-- A channel's order (docs/decisions/038): the place of its newest message or commit. 0: none since this version.
ALTER TABLE channels ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
-- The place of a message, kept once with the body that all recipients share. 0: not known, or no message.
ALTER TABLE bodies ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
-- For the answers to repeats, and for the entries of a commit. 0: not known.
ALTER TABLE sent ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE commits ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
