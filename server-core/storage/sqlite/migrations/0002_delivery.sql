-- The delivery service: channels, queues, bodies, blobs (PROTOCOL §4).

-- One row for each device that a queue was ever needed for. It outlives its entries, so that seq is never reused.
CREATE TABLE queues (
  queue INTEGER PRIMARY KEY,
  recipient_key BLOB NOT NULL UNIQUE CHECK (length(recipient_key) = 32),
  next_seq INTEGER NOT NULL DEFAULT 1,
  -- Waiting application entries and their bytes: what the queue limit counts.
  waiting INTEGER NOT NULL DEFAULT 0,
  waiting_bytes INTEGER NOT NULL DEFAULT 0,
  -- No application entry waits below this seq: where the search for the oldest one starts.
  application_from INTEGER NOT NULL DEFAULT 0,
  -- 1 once the device was revoked: it gets no entries any more.
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE channels (
  channel INTEGER PRIMARY KEY,
  channel_id BLOB NOT NULL UNIQUE CHECK (length(channel_id) = 32),
  epoch INTEGER NOT NULL DEFAULT 0,
  creator INTEGER NOT NULL REFERENCES queues (queue),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX channels_by_creator ON channels (creator);

CREATE TABLE members (
  channel INTEGER NOT NULL REFERENCES channels (channel),
  queue INTEGER NOT NULL REFERENCES queues (queue),
  PRIMARY KEY (channel, queue)
) STRICT, WITHOUT ROWID;

-- Accepted commits, kept for good: a repeat is answered as the first was, however late it comes.
CREATE TABLE commits (
  channel INTEGER NOT NULL,
  commit_id BLOB NOT NULL,
  content_hash BLOB NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (channel, commit_id)
) STRICT, WITHOUT ROWID;

-- The highest epoch that a device acked or committed: a call below it comes from a client that was rolled back (E017).
CREATE TABLE marks (
  channel INTEGER NOT NULL,
  queue INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  PRIMARY KEY (channel, queue)
) STRICT, WITHOUT ROWID;

-- What was published or enqueued in the last 30 days. recipient is 0 for a publish.
CREATE TABLE sent (
  channel INTEGER NOT NULL,
  sender INTEGER NOT NULL,
  recipient INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  body_hash BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, sender, recipient, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_by_time ON sent (received_ms);

-- A body is stored once, in pieces of 64 KiB (so that reading a part does not read all); refs counts the queue entries that wait for it.
CREATE TABLE bodies (
  body INTEGER PRIMARY KEY,
  length INTEGER NOT NULL,
  refs INTEGER NOT NULL
) STRICT;
-- piece = body * 1024 + index: pieces of one body lie side by side.
CREATE TABLE body_pieces (
  piece INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
  queue INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  -- EntryKind of node.capnp.
  kind INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  id BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  body INTEGER,
  -- The sending device's queue, for direct entries.
  sender INTEGER,
  header BLOB,
  PRIMARY KEY (queue, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_direct ON entries (queue, sender) WHERE kind = 4;
CREATE INDEX entries_gap ON entries (queue, channel) WHERE kind = 5;

-- Who a stored blob counts for; the file goes when the last row of its hash went.
CREATE TABLE blobs (
  sha256 BLOB NOT NULL,
  account_key BLOB NOT NULL,
  length INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (sha256, account_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_account ON blobs (account_key);
CREATE INDEX blobs_by_time ON blobs (expires_ms);
