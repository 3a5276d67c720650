/** Commits: compare-and-set on the channel's epoch, all or nothing (specification §4.3). */

import { createHash } from "node:crypto";
import { type Bytes, concat, equalBytes, fromHex, toHex } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { CommitArgs, CommitHead, DeliveryStore, Queued } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { releaseBody, storeBody } from "./bodies.ts";
import { addLoad, addTotal, lightenLoad, loaderOf, noBody } from "./commit_load.ts";
import { type Member, type Membership, receivers, requireCurrentEpoch, requireMember } from "./channels.ts";
import { isEnrolled } from "./devices.ts";
import { enterEpoch } from "./places.ts";
import { ensureQueue, type NewEntry, raiseMark } from "./queues.ts";
import { queueForEach } from "./recipients.ts";
import { forgetCommitBehind } from "./retention.ts";

/** The members before and after a commit, by recipientKey in hex. */
interface Change {
  leaving: Set<string>;
  joining: Set<string>;
  /** All of epoch n. */
  members: Set<string>;
  headers: Map<string, Bytes>;
}

export const commitOperations: Pick<Operations<DeliveryStore>, "checkCommit" | "commit"> = {
  checkCommit(db, head) {
    return check(db, head).before;
  },

  commit(db, args, { nowMs }) {
    const { membership, before } = check(db, args);
    if (before) return { ...before, queued: [] };
    const change = changeOf(db, membership, args);
    const n = args.epoch + 1;
    const place = enterEpoch(db, membership.channel, n, nowMs);
    db.run(
      `INSERT INTO commits (channel, commit_id, content_hash, n, removed, added, members_hash, place)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      membership.channel,
      args.commitId,
      args.contentHash,
      n,
      concat(...args.removed),
      concat(...args.added),
      membersHash(change.members),
      place,
    );
    forgetCommitBehind(db, membership.channel, n);
    raiseMark(db, membership.channel, membership.queue, n);
    return { n, place, queued: distribute(db, membership, args, change, nowMs) };
  },
};

/**
 * The checks in their order: E016, the same commitId, E017, E015. `before` is the stored answer to a repeat.
 */
function check(
  db: Database,
  { sender, channelId, epoch, commitId, contentHash }: CommitHead,
): { membership: Membership; before?: { n: number; place: number } } {
  const membership = requireMember(db, channelId, sender);
  const before = db.get<{ content_hash: Bytes; n: number; place: number }>(
    "SELECT content_hash, n, place FROM commits WHERE channel = ? AND commit_id = ?",
    membership.channel,
    commitId,
  );
  if (before) {
    if (!equalBytes(before.content_hash, contentHash)) throw malformed("this commitId was used for another commit");
    return { membership, before: { n: before.n, place: before.place } };
  }
  requireCurrentEpoch(db, membership, epoch);
  return { membership };
}

/**
 * Members of epoch n = old − removed + added, and a header for each of them exactly once. A device in both
 * lists is re-added: it gets a Welcome.
 */
function changeOf(
  db: Database,
  { channel }: Membership,
  { sender, removed, added, welcome, headers }: CommitArgs,
): Change {
  const old = new Set(
    db.all<{ key: Bytes }>(
      "SELECT recipient_key AS key FROM members JOIN queues USING (queue) WHERE channel = ?",
      channel,
    ).map(({ key }) => toHex(key)),
  );
  const leaving = uniqueKeys(removed, "removed");
  const joining = uniqueKeys(added, "added");
  if (leaving.has(toHex(sender))) throw malformed("a committer can not remove itself");
  if (![...leaving].every((key) => old.has(key))) throw malformed("a removed device is no member");
  if (![...joining].every((key) => !old.has(key) || leaving.has(key))) {
    throw malformed("an added device is a member already");
  }
  if ((welcome.length === 0) !== (added.length === 0)) {
    throw malformed("a Welcome goes with added devices, and only with them");
  }
  const byKey = new Map(headers.map(({ recipientKey, header }) => [toHex(recipientKey), header]));
  const members = new Set([...[...old].filter((key) => !leaving.has(key)), ...joining]);
  if (headers.length !== members.size || byKey.size !== members.size || ![...members].every((key) => byKey.has(key))) {
    throw malformed("headers: exactly one for each member of the new epoch");
  }
  for (const key of added) {
    if (!isEnrolled(db, key)) throw new WireError(ErrorCode.unknownRecipient, "an added device is not enrolled");
  }
  return { leaving, joining, members, headers: byKey };
}

/** The hash in the authenticated_data (specification §2.4): SHA-256 of the sorted keys. */
function membersHash(members: Set<string>): Bytes {
  const hash = createHash("sha256");
  for (const key of [...members].sort()) hash.update(fromHex(key));
  return new Uint8Array(hash.digest());
}

function distribute(
  db: Database,
  { channel, queue: committer, acted }: Membership,
  args: CommitArgs,
  { leaving, joining, headers }: Change,
  nowMs: number,
): Queued[] {
  const old = receivers(db, channel);
  const staying = old.filter(({ queue, recipientKey }) => queue !== committer && !leaving.has(toHex(recipientKey)));
  const entry = { channel, epoch: args.epoch + 1, id: args.commitId, receivedMs: nowMs };
  const loader = loaderOf(db, committer);
  const headerOf = (recipientKey: Bytes) => headers.get(toHex(recipientKey));
  const leaves = args.removed.map((recipientKey) => ({ queue: ensureQueue(db, recipientKey), recipientKey }));
  for (const { queue, recipientKey } of leaves) {
    // A device that is put back keeps its row.
    if (joining.has(toHex(recipientKey))) continue;
    db.run("DELETE FROM members WHERE channel = ? AND queue = ?", channel, queue);
  }
  // A removal is never refused. Who fills the device's queue with removals gets no further notices into it.
  const told = leaves.filter(({ queue, recipientKey }) =>
    old.some((member) => member.queue === queue) && !joining.has(toHex(recipientKey)) &&
    addLoad(db, queue, loader, EntryKind.REMOVED)
  );
  const withHeader = (what: NewEntry) => ({ recipientKey }: Member) => ({ ...what, header: headerOf(recipientKey) });
  const leftOut = (kind: EntryKind, body?: NonNullable<NewEntry["body"]>) => ({ queue, recipientKey }: Member) => {
    const released = body ? releaseBody(db, body.number) : noBody;
    lightenLoad(db, queue, committer, kind, released, body ? headerOf(recipientKey)?.length ?? 0 : 0);
  };
  const removal = { ...entry, kind: EntryKind.REMOVED, sender: committer };
  addTotal(db, loader, 0);
  const queued = queueForEach(db, told, () => removal, leftOut(EntryKind.REMOVED));
  // A device that is away must not stop the group. If too much waits for it, or its queue fails, it is left out. Then
  // it sees the missing commit and asks to be re-added.
  const reached = staying.filter(({ queue, recipientKey }) =>
    addLoad(db, queue, loader, EntryKind.COMMIT, args.commit.length, headerOf(recipientKey)?.length)
  );
  if (reached.length > 0) {
    const body = { number: storeBody(db, args.commit, reached.length), length: args.commit.length };
    const what = { ...entry, kind: EntryKind.COMMIT, body, sender: committer };
    addTotal(db, loader, body.length);
    queued.push(...queueForEach(db, reached, withHeader(what), leftOut(EntryKind.COMMIT, body)));
  }
  if (args.added.length > 0) {
    const body = { number: storeBody(db, args.welcome, args.added.length), length: args.welcome.length };
    const what = { ...entry, kind: EntryKind.WELCOME, body, sender: committer };
    const come = args.added.map((recipientKey) => ({ queue: ensureQueue(db, recipientKey), recipientKey }));
    for (const { queue, recipientKey } of come) {
      if (!addLoad(db, queue, loader, EntryKind.WELCOME, args.welcome.length, headerOf(recipientKey)?.length)) {
        throw tooMuchWaits(loader.limit, "an added device");
      }
      db.run(
        `INSERT INTO members (channel, queue, acted) VALUES (?, ?, ? AND EXISTS (
           SELECT 1 FROM devices AS added JOIN devices AS adding USING (account_key)
           WHERE added.recipient_key = ? AND adding.recipient_key = ?)) ON CONFLICT DO NOTHING`,
        channel,
        queue,
        acted,
        recipientKey,
        args.sender,
      );
    }
    addTotal(db, loader, body.length);
    queued.push(...queueForEach(db, come, withHeader(what), leftOut(EntryKind.WELCOME, body)));
  }
  if (!addLoad(db, committer, loader, EntryKind.OWN_COMMIT)) throw tooMuchWaits(loader.limit, "this device itself");
  addTotal(db, loader, 0);
  const self = { queue: committer, recipientKey: args.sender };
  const own = { ...entry, kind: EntryKind.OWN_COMMIT, sender: committer };
  queued.push(...queueForEach(db, [self], () => own, () => {
    throw new Error("the committer's own queue takes nothing");
  }));
  return queued;
}

function tooMuchWaits(limit: number, device: string): WireError {
  return new WireError(
    ErrorCode.quotaExceeded,
    `${limit} bytes of commits and Welcomes of this account wait for ${device}`,
  );
}

function uniqueKeys(keys: Bytes[], what: string): Set<string> {
  const unique = new Set(keys.map(toHex));
  if (unique.size !== keys.length) throw malformed(`${what}: a device twice`);
  return unique;
}

function malformed(reason: string): WireError {
  return new WireError(ErrorCode.malformed, reason);
}
