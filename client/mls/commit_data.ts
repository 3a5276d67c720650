/**
 * The authenticated_data of a commit (specification §2.4): the committer's statement of the commit's effect. Every
 * client compares it with the actual effect.
 */

import { type Bytes, concat } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, listOf, recordOf } from "../../schema/shape.ts";
import { sha256 } from "../crypto/hkdf.ts";

export interface CommitData {
  channelId: Bytes;
  n: bigint;
  commitId: Bytes;
  /** {@link membersHash} of epoch n. */
  membersHash: Bytes;
  /** recipientKeys, sorted. */
  removed: Bytes[];
  added: Bytes[];
  /** Signed re-add requests (readd.ts) that the commit carries out; the field is there only when there are any. */
  requests: Bytes[];
}

/** A commit carries few re-add requests; the rest wait for the next commit. */
const maxRequests = 64;
const maxRequestBytes = 512;

/**
 * @returns deterministic CBOR {v: 1, channelId, n, commitId, membersHash, removed, added}, with `requests`
 *   only where there are any
 */
export function encodeCommitData({ channelId, n, commitId, membersHash, removed, added, requests }: CommitData): Bytes {
  return encodeCbor({
    v: 1,
    channelId,
    n,
    commitId,
    membersHash,
    removed,
    added,
    ...(requests.length > 0 && { requests }),
  });
}

/** Reads a commit's authenticated_data. @throws MalformedError */
export function decodeCommitData(bytes: Uint8Array): CommitData {
  const decoded = decodeCbor(bytes);
  const withRequests = typeof decoded === "object" && decoded !== null && Object.hasOwn(decoded, "requests");
  const names = ["v", "channelId", "n", "commitId", "membersHash", "removed", "added"] as const;
  const fields: Record<string, unknown> = recordOf(
    decoded,
    withRequests ? [...names, "requests"] : names,
    "commit data",
  );
  if (fields.v !== 1) throw new MalformedError("commit data: version");
  const keys = (value: unknown, what: string) => listOf(value, 2000, what, (key, name) => bytesOf(key, 32, name));
  return {
    channelId: bytesOf(fields.channelId, 32, "channelId"),
    n: BigInt(countOf(fields.n, "n")),
    commitId: bytesOf(fields.commitId, 16, "commitId"),
    membersHash: bytesOf(fields.membersHash, 32, "membersHash"),
    removed: keys(fields.removed, "removed"),
    added: keys(fields.added, "added"),
    requests: withRequests ? listOf(fields.requests, maxRequests, "requests", requestOf) : [],
  };
}

function requestOf(value: unknown, what: string): Bytes {
  const request = bytesOf(value, undefined, what);
  if (request.length > maxRequestBytes) throw new MalformedError(`${what}: too long`);
  return request;
}

/** @returns SHA-256 of the leaf signature keys (32 bytes each), sorted as byte strings */
export async function membersHash(recipientKeys: Uint8Array[]): Promise<Bytes> {
  return await sha256(concat(...sortedKeys(recipientKeys)));
}

/** @returns a new list, in the order of their bytes */
export function sortedKeys(keys: Uint8Array[]): Bytes[] {
  return keys.map((key) => new Uint8Array(key)).sort(compareBytes);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    if (a[index] !== b[index]) return a[index] - b[index];
  }
  return a.length - b.length;
}
