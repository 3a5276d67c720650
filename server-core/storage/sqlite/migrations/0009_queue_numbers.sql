-- A device's cursor may raise next_seq. given_seq is the highest number that an entry was really given (docs/decisions/042).
ALTER TABLE queues ADD COLUMN given_seq INTEGER NOT NULL DEFAULT 0;
-- When entries of this queue were numbered anew for a cursor. Every row of the queue is written then, so it is limited.
ALTER TABLE queues ADD COLUMN renumbered_ms INTEGER NOT NULL DEFAULT 0;

-- A cursor was added to the counter, which one device could so drive past 2^53. No queue has honestly had a number above 2^50, and no honest cursor is above 2^49: what waits is numbered from there, in its order, so that neither takes it for a repeat.
CREATE TEMP TABLE poisoned AS
  SELECT queue FROM queues
  WHERE next_seq > 1125899906842624 OR application_from > 1125899906842624
    OR (SELECT max(seq) FROM entries WHERE entries.queue = queues.queue) > 1125899906842624;
UPDATE entries SET seq = -numbered.place
  FROM (
    SELECT queue, seq AS old, row_number() OVER (PARTITION BY queue ORDER BY seq) AS place
    FROM entries WHERE queue IN (SELECT queue FROM poisoned)
  ) AS numbered
  WHERE entries.queue = numbered.queue AND entries.seq = numbered.old;
UPDATE entries SET seq = 562949953421312 - seq WHERE queue IN (SELECT queue FROM poisoned);
UPDATE queues
  SET application_from = 0,
    next_seq = 562949953421313 + (SELECT count(*) FROM entries WHERE entries.queue = queues.queue)
  WHERE queue IN (SELECT queue FROM poisoned);
DROP TABLE poisoned;
UPDATE queues SET given_seq = next_seq - 1;
