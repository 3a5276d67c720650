-- What commits and Welcomes of an account take on the disk, wherever they wait (commit_load.ts): each body once, though it waits for many devices; headers; 4,096 bytes an entry, 2,048 a notice.
CREATE TABLE commit_totals (
  account_key BLOB PRIMARY KEY,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE waiting AS
  SELECT account_key, entries.body AS body, ifnull(length(header), 0) AS header, kind
  FROM entries JOIN queues AS senders ON senders.queue = entries.sender JOIN devices USING (recipient_key)
  WHERE kind IN (1, 2, 3, 6);
INSERT INTO commit_totals (account_key, bytes)
  SELECT account_key, sum(bytes) FROM (
    SELECT account_key, header + CASE WHEN kind IN (1, 3) THEN 4096 ELSE 2048 END AS bytes FROM waiting
    UNION ALL
    SELECT account_key, length FROM (SELECT DISTINCT account_key, body FROM waiting) JOIN bodies USING (body)
  ) GROUP BY account_key;
DROP TABLE waiting;
-- To read one channel of a long queue. Without it each such call reads the whole queue, and every entry with a header is a page.
CREATE INDEX entries_by_channel ON entries (queue, channel);
