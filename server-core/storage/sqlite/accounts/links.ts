/** Invite links, and the requests of those who opened them (docs/decisions/054). */

import { type Bytes, equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { PeopleStore, StoredJoinRequest, StoredLink } from "../../people_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

/** Links of an account that are not over. */
const maxLinks = 50;
/** Requests that wait for an account. */
const maxWaiting = 500;
/** … by one of its links: no link that got about takes the room of all others. */
const maxWaitingOfLink = 125;

type Names = "putLink" | "removeLink" | "link" | "requestJoin" | "joinRequests" | "endJoinRequests";

export const linkOperations: Operations<Pick<PeopleStore, Names>> = {
  putLink(db, { accountKey, linkHash, publicKey, endMs, requests }, { nowMs }) {
    const stored = db.get<{ accountKey: Bytes; publicKey: Bytes }>(
      "SELECT account_key AS accountKey, public_key AS publicKey FROM links WHERE link_hash = ?",
      linkHash,
    );
    if (stored) {
      if (equalBytes(stored.accountKey, accountKey) && equalBytes(stored.publicKey, publicKey)) return;
      throw new WireError(ErrorCode.malformed, "putLink: the hash of another link");
    }
    const { count } = db.get<{ count: number }>(
      "SELECT count(*) AS count FROM links WHERE account_key = ? AND end_ms > ?",
      accountKey,
      nowMs,
    )!;
    if (count >= maxLinks) throw new WireError(ErrorCode.quotaExceeded, `at most ${maxLinks} links of an account`);
    db.run(
      "INSERT INTO links (link_hash, account_key, public_key, end_ms, requests) VALUES (?, ?, ?, ?, ?)",
      linkHash,
      accountKey,
      publicKey,
      endMs,
      requests,
    );
  },

  removeLink(db, { accountKey, linkHash }) {
    db.run("DELETE FROM links WHERE link_hash = ? AND account_key = ?", linkHash, accountKey);
  },

  link(db, { linkHash }, { nowMs }) {
    const found = liveLink(db, linkHash, nowMs);
    return found && { accountKey: found.accountKey, publicKey: found.publicKey, endMs: found.endMs };
  },

  requestJoin(db, { linkHash, accountKey, sealed }, { nowMs }) {
    const found = liveLink(db, linkHash, nowMs);
    if (!found) throw new WireError(ErrorCode.linkOver, "there is no such link, or it is over");
    const owner = found.accountKey;
    const before = db.get<{ id: number; ended: number }>(
      "SELECT id, length(sealed) = 0 AS ended FROM join_requests WHERE link = ? AND account_key = ?",
      found.link,
      accountKey,
    );
    if (before?.ended) return { accountKey: owner, isNew: false };
    if (before) db.run("DELETE FROM join_requests WHERE id = ?", before.id);
    else checkRoom(db, found, owner);
    db.run(
      "INSERT INTO join_requests (link, account_key, sealed, received_ms) VALUES (?, ?, ?, ?)",
      found.link,
      accountKey,
      sealed,
      nowMs,
    );
    return { accountKey: owner, isNew: true };
  },

  joinRequests(db, { accountKey, limit }, { nowMs }) {
    // The oldest of each link, then the second oldest of each, and so on: those of one link do not hide the others.
    return db.all<StoredJoinRequest>(
      `SELECT id, linkHash, accountKey, username, sealed, receivedMs FROM (
         SELECT id, link_hash AS linkHash, r.account_key AS accountKey, username, sealed, received_ms AS receivedMs,
           row_number() OVER (PARTITION BY link ORDER BY id) AS turn
         FROM links l JOIN join_requests r USING (link) JOIN accounts a ON a.account_key = r.account_key
         WHERE l.account_key = ? AND end_ms > ? AND length(sealed) > 0 AND state <> 'deleted'
         ORDER BY turn, id LIMIT ?) ORDER BY id`,
      accountKey,
      nowMs,
      limit,
    );
  },

  endJoinRequests(db, { accountKey, ids }) {
    for (const id of ids) {
      db.run(
        "UPDATE join_requests SET sealed = x'' WHERE id = ? AND link IN (SELECT link FROM links WHERE account_key = ?)",
        id,
        accountKey,
      );
    }
  },
};

/**
 * Whether an account that takes invited people only lets another one have its KeyPackages: it shows the token of a link
 * of that account, shares a channel with it in which that account has acted (`noteActed`), or that account has asked by
 * one of its links. A stranger can put any device into a channel of its own, so sharing one alone says nothing.
 *
 * @param linkHash of the link whose token was shown
 */
export function isInvited(
  db: Database,
  { by, accountKey, linkHash }: { by: Bytes; accountKey: Bytes; linkHash?: Bytes },
  nowMs: number,
): boolean {
  if (equalBytes(by, accountKey)) return true;
  const shown = linkHash && liveLink(db, linkHash, nowMs);
  if (shown && equalBytes(shown.accountKey, accountKey)) return true;
  const asked = db.get(
    `SELECT 1 FROM join_requests r JOIN links l USING (link)
     WHERE r.account_key = ? AND l.account_key = ? AND end_ms > ?`,
    accountKey,
    by,
    nowMs,
  );
  return asked !== undefined || db.get(
        `SELECT 1 FROM devices d JOIN queues q USING (recipient_key) JOIN members m USING (queue)
     WHERE d.account_key = ? AND m.channel IN (
       SELECT channel FROM devices JOIN queues USING (recipient_key) JOIN members USING (queue)
       WHERE account_key = ? AND acted = 1)
     LIMIT 1`,
        by,
        accountKey,
      ) !== undefined;
}

interface LiveLink extends StoredLink {
  link: number;
  requests: number;
}

function liveLink(db: Database, linkHash: Bytes, nowMs: number): LiveLink | undefined {
  return db.get<LiveLink>(
    `SELECT link, account_key AS accountKey, public_key AS publicKey, end_ms AS endMs, requests
     FROM links JOIN accounts USING (account_key) WHERE link_hash = ? AND end_ms > ? AND state = 'active'`,
    linkHash,
    nowMs,
  );
}

/** @throws WireError E013 */
function checkRoom(db: Database, { link, requests }: LiveLink, owner: Bytes): void {
  const asked = db.get<{ count: number }>("SELECT count(*) AS count FROM join_requests WHERE link = ?", link)!;
  const waiting = db.get<{ count: number; ofLink: number }>(
    `SELECT count(*) AS count, count(*) FILTER (WHERE link = ?) AS ofLink
     FROM links l JOIN join_requests r USING (link) WHERE l.account_key = ? AND length(sealed) > 0`,
    link,
    owner,
  )!;
  if (asked.count >= requests) throw new WireError(ErrorCode.queueFull, "as many have asked by this link as may");
  if (waiting.ofLink >= maxWaitingOfLink) {
    throw new WireError(ErrorCode.queueFull, `${maxWaitingOfLink} requests wait by this link`);
  }
  if (waiting.count >= maxWaiting) {
    throw new WireError(ErrorCode.queueFull, `${maxWaiting} requests wait for the account`);
  }
}
