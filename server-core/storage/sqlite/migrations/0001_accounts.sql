-- Accounts, devices, sessions, KeyPackages and the OPAQUE keys of the authentication service. Times in ms since the Unix epoch.

-- One row: made at first start, never changed (schema of opaque/server_keys.ts).
CREATE TABLE opaque_server_keys (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  oprf_seed       BLOB NOT NULL,
  ake_private_key BLOB NOT NULL,
  ake_public_key  BLOB NOT NULL,
  fake_record     BLOB NOT NULL,
  fake_secret     BLOB NOT NULL
) STRICT;

CREATE TABLE accounts (
  account_key         BLOB NOT NULL PRIMARY KEY CHECK (length(account_key) = 32),
  username            TEXT NOT NULL UNIQUE,
  opaque_record       BLOB NOT NULL,
  list_version        INTEGER NOT NULL,
  list                BLOB NOT NULL,
  list_signature      BLOB NOT NULL,
  vault_version       INTEGER NOT NULL,
  vault_sealed        BLOB NOT NULL,
  wrapped_by_password BLOB NOT NULL,
  wrapped_by_recovery BLOB NOT NULL,
  created_ms          INTEGER NOT NULL
) STRICT;

-- Every device that proved its key at registration or sign-in; enrolled = 1 iff it stands in its account's newest list.
CREATE TABLE devices (
  device_id     BLOB PRIMARY KEY CHECK (length(device_id) = 16),
  recipient_key BLOB NOT NULL UNIQUE CHECK (length(recipient_key) = 32),
  account_key   BLOB NOT NULL REFERENCES accounts (account_key),
  enrolled      INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
  created_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_account ON devices (account_key);

-- The ids that an account's lists revoked, whether the server ever saw the device or not.
CREATE TABLE revoked_devices (
  account_key BLOB NOT NULL REFERENCES accounts (account_key),
  device_id   BLOB NOT NULL,
  PRIMARY KEY (account_key, device_id)
) STRICT, WITHOUT ROWID;

-- A token is known by its SHA-256 only; session_id names the session to its owner.
CREATE TABLE sessions (
  session_id   BLOB PRIMARY KEY CHECK (length(session_id) = 16),
  token_sha256 BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  device_id    BLOB NOT NULL REFERENCES devices (device_id),
  created_ms   INTEGER NOT NULL,
  last_used_ms INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_device ON sessions (device_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);

CREATE TABLE invites (
  code_sha256 BLOB PRIMARY KEY,
  expires_ms  INTEGER NOT NULL,
  used_by     BLOB REFERENCES accounts (account_key)
) STRICT, WITHOUT ROWID;

-- The stock of KeyPackages, handed out in the order of id; at most one row of a device is its last resort.
CREATE TABLE key_packages (
  id            INTEGER PRIMARY KEY,
  device_id     BLOB NOT NULL REFERENCES devices (device_id),
  sha256        BLOB NOT NULL UNIQUE,
  key_package   BLOB NOT NULL,
  last_resort   INTEGER NOT NULL CHECK (last_resort IN (0, 1)),
  not_before_ms INTEGER NOT NULL,
  until_ms      INTEGER NOT NULL,
  not_after_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX key_packages_by_device ON key_packages (device_id, last_resort, id);

-- What was handed out, until it expires: a repeated upload must not put it back into the stock.
CREATE TABLE spent_key_packages (
  sha256       BLOB PRIMARY KEY,
  not_after_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
