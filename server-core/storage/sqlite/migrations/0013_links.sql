-- Invite links and who has asked by them, what an account's devices share, and reports (docs/decisions/054).

-- What the devices of an account share, sealed. invited_only = 1: others get its KeyPackages by a link's token alone.
CREATE TABLE account_settings (
  account_key  BLOB PRIMARY KEY REFERENCES accounts (account_key),
  version      INTEGER NOT NULL,
  sealed       BLOB NOT NULL,
  invited_only INTEGER NOT NULL CHECK (invited_only IN (0, 1))
) STRICT;

-- 1: the device made the channel, has written there, or came in by such a device of its account. A stranger can add
-- any device to a channel, so a row alone is nobody's consent. Devices that are in channels already count as such.
ALTER TABLE members ADD COLUMN acted INTEGER NOT NULL DEFAULT 1;

-- A link is known by the hash of its token. requests: how many accounts may ask by it.
CREATE TABLE links (
  link        INTEGER PRIMARY KEY,
  link_hash   BLOB NOT NULL UNIQUE CHECK (length(link_hash) = 32),
  account_key BLOB NOT NULL REFERENCES accounts (account_key),
  public_key  BLOB NOT NULL,
  end_ms      INTEGER NOT NULL,
  requests    INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_account ON links (account_key);
CREATE INDEX links_by_end ON links (end_ms);

-- One row for each account that asked by a link. An empty sealed: ended; the row keeps the account from asking again.
CREATE TABLE join_requests (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  link        INTEGER NOT NULL REFERENCES links (link) ON DELETE CASCADE,
  account_key BLOB NOT NULL REFERENCES accounts (account_key),
  sealed      BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  UNIQUE (link, account_key)
) STRICT;
CREATE INDEX join_requests_by_account ON join_requests (account_key);

CREATE TABLE reports (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  reporter_key BLOB NOT NULL REFERENCES accounts (account_key),
  account_key  BLOB NOT NULL REFERENCES accounts (account_key),
  text         TEXT NOT NULL,
  received_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX reports_by_reporter ON reports (reporter_key, received_ms);
CREATE INDEX reports_by_time ON reports (received_ms);
