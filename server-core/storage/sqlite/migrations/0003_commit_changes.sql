-- What the server was told about a commit, for its entries: receivers hold it against what the commit does (PROTOCOL §2, §4). Keys of 32 bytes each, one after another.
ALTER TABLE commits ADD COLUMN removed BLOB;
ALTER TABLE commits ADD COLUMN added BLOB;
-- SHA-256 of the sorted recipientKeys of the members that the commit left.
ALTER TABLE commits ADD COLUMN members_hash BLOB;

-- Bytes of commits and Welcomes of one account that wait for one device. Entries of older versions have no sender and are not counted.
CREATE TABLE commit_load (
  queue INTEGER NOT NULL REFERENCES queues (queue),
  account_key BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (queue, account_key)
) STRICT, WITHOUT ROWID;
