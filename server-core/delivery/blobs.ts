/** Handlers of `putBlob`, `putBlobPart` and `getBlob`, and the purge of expired data. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type ParamsOf } from "../../schema/rpc/methods.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { fullDisk } from "./blob_files.ts";
import { exactly, requireDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";

/** Bytes of a blob that comes in one call: a larger one comes in parts, so that what is cut off can go on. */
const maxWholeBytes = 25 * 1024 * 1024;

/**
 * Stores an attachment's ciphertext if its hash matches. Its place is taken before its bytes are read, and nothing of
 * a blob that is refused stays on the disk.
 *
 * @returns until when it is kept
 * @throws WireError E005, E014, E030, E032
 */
export async function putBlob(
  deps: DeliveryDependencies,
  { sha256, length }: ParamsOf<typeof delivery.putBlob>,
  { caller, chunks }: CallContext<Caller>,
): Promise<{ expiresMs: number }> {
  const { accountKey } = requireDevice(caller);
  exactly(sha256, 32, "sha256");
  const { quotaBytes, ttlMs } = deps.blobLimits;
  requireLength(length, Math.min(deps.blobLimits.maxBytes, maxWholeBytes));
  const account = toHex(accountKey);
  return await deps.uploads.with(account, toHex(sha256), length, async (underWay) => {
    const args = { sha256, length, accountKey, quota: quotaBytes, ttlMs };
    const present = await deps.store.reserveBlob({ ...args, underWay });
    if (present) return present;
    deps.disk.requireRoom(length);
    const record = () => deps.store.storeBlob(args);
    return await deps.blobs.put(sha256, length, whileThereIsRoom(deps, chunks()), record, isGone(deps.store));
  }, deps.partials.lengths(account));
}

/**
 * Stores a part of an attachment's ciphertext, and with the last part the attachment, if its hash matches. What has
 * come stays for the next call, whatever becomes of this one.
 *
 * @returns how much has come, and until when the whole is kept (0: it is not whole)
 * @throws WireError E005, E011, E014, E030, E032
 */
export async function putBlobPart(
  deps: DeliveryDependencies,
  { sha256, length, offset, drop }: ParamsOf<typeof delivery.putBlobPart>,
  { caller, chunks }: CallContext<Caller>,
): Promise<{ have: number; expiresMs: number }> {
  const { accountKey } = requireDevice(caller);
  exactly(sha256, 32, "sha256");
  const { maxBytes, quotaBytes, ttlMs } = deps.blobLimits;
  const [account, name] = [toHex(accountKey), toHex(sha256)];
  if (drop) {
    await deps.partials.drop(account, name);
    return { have: 0, expiresMs: 0 };
  }
  requireLength(length, maxBytes);
  if (offset > length) throw new WireError(ErrorCode.malformed, "offset: behind the end of the blob");
  return await deps.uploads.with(account, name, length, async (underWay) => {
    const args = { sha256, length, accountKey, quota: quotaBytes, ttlMs };
    const present = await deps.store.reserveBlob({ ...args, underWay });
    if (present) {
      await deps.partials.drop(account, name);
      return { have: length, ...present };
    }
    const have = deps.partials.have(account, name);
    if (offset > have) return { have, expiresMs: 0 };
    deps.disk.requireRoom(length - have);
    const finish = (path: string) =>
      deps.blobs.adopt(path, sha256, () => deps.store.storeBlob(args), isGone(deps.store));
    const call = { account, sha256: name, length, offset };
    const came = await deps.partials.append(call, whileThereIsRoom(deps, chunks()), finish, deps.now).catch((error) => {
      throw fullDisk(error);
    });
    return { have: came.have, expiresMs: came.finished?.expiresMs ?? 0 };
  }, deps.partials.lengths(account));
}

function requireLength(length: number, maxBytes: number): void {
  if (length === 0) throw new WireError(ErrorCode.malformed, "an empty blob");
  if (length > maxBytes) throw new WireError(ErrorCode.blobTooLarge, `a blob: at most ${maxBytes} bytes`);
}

/** Looks at the disk as bytes come. What others have only announced takes no room: it may never come. */
async function* whileThereIsRoom({ disk }: DeliveryDependencies, chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  for await (const chunk of chunks) {
    disk.requireRoom(chunk.length);
    yield chunk;
  }
}

/** @returns the bytes from `offset`, in pieces of at most 64 KiB @throws WireError E031 */
export async function* getBlob(
  deps: DeliveryDependencies,
  { sha256, offset }: ParamsOf<typeof delivery.getBlob>,
  caller: Caller,
): AsyncGenerator<{ bytes: Uint8Array<ArrayBuffer> }> {
  requireDevice(caller);
  const length = await deps.store.blobLength({ sha256: exactly(sha256, 32, "sha256") });
  if (offset > length) throw new WireError(ErrorCode.malformed, "offset: behind the end of the blob");
  for await (const bytes of deps.blobs.read(sha256, offset)) yield { bytes };
}

/**
 * Deletes expired data: records that detect repeated messages, messages that nobody fetched, blobs, uploads
 * that nobody went on with, and files without a record.
 */
export async function purgeDelivery(
  { store, blobs, partials, queueAgeMs, now }: Pick<
    DeliveryDependencies,
    "store" | "blobs" | "partials" | "queueAgeMs" | "now"
  >,
): Promise<void> {
  const gone = isGone(store);
  let more = true;
  while (more) {
    const purged = await store.purge();
    await blobs.remove(purged.blobs, gone);
    more = purged.more;
  }
  for (let after: number | undefined = 0; after !== undefined;) {
    ({ after } = await store.purgeQueues({ ageMs: queueAgeMs, after }));
  }
  for (let after: number | undefined = 0; after !== undefined;) {
    ({ after } = await store.purgeChannels({ after }));
  }
  await blobs.sweep(gone);
  await partials.purge(now());
}

/** @returns what says whether a blob has no record that counts */
function isGone(store: DeliveryDependencies["store"]): (sha256: Bytes) => Promise<boolean> {
  return (sha256) =>
    store.blobLength({ sha256 }).then(() => false, (error) => {
      if (isWireError(error, ErrorCode.blobNotFound)) return true;
      throw error;
    });
}
