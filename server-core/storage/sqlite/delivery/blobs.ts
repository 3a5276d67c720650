/** The records of blobs: the accounts that keep one, and until when. The bytes are files. */

import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { BlobArgs, DeliveryStore } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

export const blobOperations: Pick<Operations<DeliveryStore>, "reserveBlob" | "storeBlob" | "blobLength"> = {
  reserveBlob(db, args, { nowMs }) {
    const present = db.get<{ length: number }>(
      "SELECT length FROM blobs WHERE sha256 = ? AND expires_ms > ? LIMIT 1",
      args.sha256,
      nowMs,
    );
    if (present && present.length !== args.length) {
      throw new WireError(ErrorCode.malformed, "a blob with this hash has another length");
    }
    requireRoom(db, args, nowMs);
    return present && record(db, args, nowMs);
  },

  storeBlob(db, args, { nowMs }) {
    requireRoom(db, args, nowMs);
    return record(db, args, nowMs);
  },

  blobLength(db, { sha256 }, { nowMs }) {
    const present = db.get<{ length: number }>(
      "SELECT length FROM blobs WHERE sha256 = ? AND expires_ms > ? LIMIT 1",
      sha256,
      nowMs,
    );
    if (!present) throw new WireError(ErrorCode.blobNotFound, "no such blob");
    return present.length;
  },
};

/** Blobs of an account, however small they are: each is a file, and a disk has a number of them, too. */
const maxBlobsPerAccount = 5000;

function requireRoom(db: Database, args: BlobArgs, nowMs: number): void {
  const { sha256, length, accountKey, quota, underWay = { files: 0, bytes: 0 } } = args;
  const { held, count } = db.get<{ held: number; count: number }>(
    `SELECT coalesce(sum(length), 0) AS held, count(*) AS count FROM blobs
     WHERE account_key = ? AND sha256 <> ? AND expires_ms > ?`,
    accountKey,
    sha256,
    nowMs,
  )!;
  const isFull = count + underWay.files >= maxBlobsPerAccount;
  if (held + underWay.bytes + length <= quota && !isFull) return;
  const { first } = db.get<{ first: number | null }>(
    "SELECT min(expires_ms) AS first FROM blobs WHERE account_key = ? AND expires_ms > ?",
    accountKey,
    nowMs,
  )!;
  // The wire's field has 32 bits.
  const retryAfterMs = first === null ? 0 : Math.min(first - nowMs, 2 ** 32 - 1);
  const what = isFull ? `${count} blobs` : `${held + underWay.bytes} of ${quota} bytes`;
  throw new WireError(ErrorCode.quotaExceeded, `the account holds ${what}`, retryAfterMs);
}

function record(db: Database, { sha256, length, accountKey, ttlMs }: BlobArgs, nowMs: number): { expiresMs: number } {
  const expiresMs = nowMs + ttlMs;
  db.run(
    `INSERT INTO blobs (sha256, account_key, length, expires_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET expires_ms = excluded.expires_ms`,
    sha256,
    accountKey,
    length,
    expiresMs,
  );
  return { expiresMs };
}
