-- Bounds and retention of everything that one account's calls make grow (docs/decisions/043).
-- What a device has sent is forgotten by device: the newest stay, whatever the clock says.
DROP INDEX sent_by_time;
CREATE INDEX sent_by_sender ON sent (sender, received_ms);
-- An account's quota is read from the index alone.
DROP INDEX blobs_by_account;
CREATE INDEX blobs_by_account ON blobs (account_key, expires_ms, length);
-- Commits are forgotten once the channel is far ahead and no entry points at them: kinds commit, ownCommit, welcome, removed.
CREATE INDEX commits_by_epoch ON commits (channel, n);
CREATE INDEX entries_of_commits ON entries (channel, epoch) WHERE kind IN (1, 2, 3, 6);
-- 1: all of its members are revoked devices, and what it had is deleted. The row keeps the id from being used again.
ALTER TABLE channels ADD COLUMN closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1));
DROP INDEX channels_by_creator;
CREATE INDEX channels_by_creator ON channels (creator, created_ms);
CREATE INDEX channels_open ON channels (creator) WHERE closed = 0;
-- Headers and the rows themselves count from now on (commit_load.ts: 4,096 bytes an entry).
DELETE FROM commit_load;
INSERT INTO commit_load (queue, account_key, bytes)
  SELECT entries.queue, account_key, sum(ifnull(bodies.length, 0) + ifnull(length(header), 0) + 4096)
  FROM entries JOIN queues AS senders ON senders.queue = entries.sender JOIN devices USING (recipient_key)
  LEFT JOIN bodies USING (body) WHERE kind IN (1, 3) GROUP BY entries.queue, account_key;
CREATE INDEX commit_load_by_account ON commit_load (account_key);
