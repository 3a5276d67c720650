/**
 * What the tables of messages and commits keep, and for how long (docs/storage.md). The newest stay by their number,
 * so that no clock alone deletes what a device may still ask for.
 */

import type { Database } from "../database.ts";

/** specification §4.2: a repeated message is recognised for 30 days. */
const keepSentMs = 30 * 24 * 3_600_000;
/**
 * … among the newest of its device. A device repeats what had no answer: at most 16 messages in each of its chats,
 * and these are always among its newest.
 */
const maxSentPerDevice = 20_000;
/** Of each device this many stay, however old. */
const leastSent = 64;

/**
 * Forgets what a device has sent: beyond the newest 20,000, and of the rest what is older than 30 days. A dropped
 * device sends nothing any more.
 *
 * @param most rows to delete
 * @returns how many were deleted, and how many rows were read to find them
 */
export function forgetSent(
  db: Database,
  queue: number,
  isDropped: boolean,
  nowMs: number,
  most: number,
): { deleted: number; read: number } {
  const [keep, least] = isDropped ? [0, 0] : [maxSentPerDevice, leastSent];
  const { count } = db.get<{ count: number }>(
    "SELECT count(*) AS count FROM (SELECT 1 FROM sent WHERE sender = ? LIMIT ?)",
    queue,
    keep + most,
  )!;
  const tooMany = Math.min(most, Math.max(0, count - keep));
  const forget = (untilMs: number, limit: number) =>
    limit <= 0 ? 0 : db.run(
      `DELETE FROM sent WHERE (channel, sender, recipient, message_id) IN (
         SELECT channel, sender, recipient, message_id FROM sent INDEXED BY sent_by_sender
         WHERE sender = ? AND received_ms <= ? ORDER BY received_ms LIMIT ?)`,
      queue,
      untilMs,
      limit,
    ).changes;
  const forgotten = forget(Number.MAX_SAFE_INTEGER, tooMany);
  const old = forget(nowMs - keepSentMs, Math.min(most - forgotten, count - forgotten - least));
  return { deleted: forgotten + old, read: count };
}

/**
 * Commits of a channel that stay, behind its present epoch. A device repeats only its newest commit, until it has read
 * that it was accepted; as long as that waits for it, the commit stays anyway.
 */
const keptCommits = 100;

/** No waiting entry gets its lists or its place from the commit. The kinds are those of the index. */
const isUnread = `EXISTS (SELECT 1 FROM entries INDEXED BY entries_of_commits
  WHERE entries.channel = commits.channel AND entries.epoch = commits.n AND kind IN (1, 2, 3, 6))`;

/** A commit has made epoch `n`: forgets the one that is {@link keptCommits} behind it, unless it waits for a device. */
export function forgetCommitBehind(db: Database, channel: number, n: number): void {
  // The index is named, because the planner would rather read all commits of the channel.
  db.run(
    `DELETE FROM commits INDEXED BY commits_by_epoch WHERE channel = ? AND n = ? AND NOT ${isUnread}`,
    channel,
    n - keptCommits,
  );
}

/**
 * Forgets what a channel keeps no longer: old commits that no entry points at, marks of revoked devices, and of a
 * channel whose members are all revoked everything but its row.
 *
 * @param most rows of a kind to delete
 * @returns how many rows were deleted, and how many were read to find them
 */
export function forgetOfChannel(
  db: Database,
  channel: number,
  epoch: number,
  most: number,
): { deleted: number; read: number } {
  const { read } = db.get<{ read: number }>(
    `SELECT (SELECT count(*) FROM marks WHERE channel = ?) + (
       SELECT count(*) FROM commits INDEXED BY commits_by_epoch WHERE channel = ? AND n <= ?) AS read`,
    channel,
    channel,
    epoch - keptCommits,
  )!;
  const isOver = !db.get(
    "SELECT 1 FROM members JOIN queues USING (queue) WHERE channel = ? AND dropped = 0 LIMIT 1",
    channel,
  );
  const commits = db.run(
    `DELETE FROM commits WHERE (channel, commit_id) IN (
       SELECT channel, commit_id FROM commits INDEXED BY commits_by_epoch
       WHERE channel = ? AND n <= ? AND NOT ${isUnread} LIMIT ?)`,
    channel,
    isOver ? Number.MAX_SAFE_INTEGER : epoch - keptCommits,
    most,
  ).changes;
  const marks = db.run(
    `DELETE FROM marks WHERE (channel, queue) IN (
       SELECT channel, queue FROM marks JOIN queues USING (queue) WHERE channel = ? AND dropped = 1 LIMIT ?)`,
    channel,
    most,
  ).changes;
  return { deleted: commits + marks + (isOver ? close(db, channel, most) : 0), read };
}

function close(db: Database, channel: number, most: number): number {
  const deleted = db.run(
    `DELETE FROM members WHERE (channel, queue) IN (SELECT channel, queue FROM members WHERE channel = ? LIMIT ?)`,
    channel,
    most,
  ).changes;
  const rest = db.get(
    "SELECT 1 FROM members WHERE channel = ? UNION SELECT 1 FROM commits WHERE channel = ? LIMIT 1",
    channel,
    channel,
  );
  if (!rest) db.run("UPDATE channels SET closed = 1 WHERE channel = ?", channel);
  return deleted;
}
