/** Handlers of `putBlob` and `getBlob`, and the purge of expired data. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type ParamsOf } from "../../schema/rpc/methods.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { exactly, requireDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";

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
  const { maxBytes, quotaBytes, ttlMs } = deps.blobLimits;
  if (length === 0) throw new WireError(ErrorCode.malformed, "an empty blob");
  if (length > maxBytes) throw new WireError(ErrorCode.blobTooLarge, `a blob: at most ${maxBytes} bytes`);
  return await deps.uploads.with(toHex(accountKey), toHex(sha256), length, async (underWay) => {
    const args = { sha256, length, accountKey, quota: quotaBytes, ttlMs };
    const present = await deps.store.reserveBlob({ ...args, underWay });
    if (present) return present;
    deps.disk.requireRoom(length);
    const record = () => deps.store.storeBlob(args);
    return await deps.blobs.put(sha256, length, whileThereIsRoom(deps, chunks()), record, isGone(deps.store));
  });
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
 * Deletes expired data: records that detect repeated messages, messages that nobody fetched, blobs, and files
 * without a record.
 */
export async function purgeDelivery(
  { store, blobs, queueAgeMs }: Pick<DeliveryDependencies, "store" | "blobs" | "queueAgeMs">,
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
}

/** @returns what says whether a blob has no record that counts */
function isGone(store: DeliveryDependencies["store"]): (sha256: Bytes) => Promise<boolean> {
  return (sha256) =>
    store.blobLength({ sha256 }).then(() => false, (error) => {
      if (isWireError(error, ErrorCode.blobNotFound)) return true;
      throw error;
    });
}
