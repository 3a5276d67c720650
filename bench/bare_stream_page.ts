/**
 * Runs in a page of the app's origin that does not run the app: the bare calls of an attachment over WebTransport, as
 * the account whose profile this is.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { AccountRecords } from "../client/account/account_records.ts";
import { sessionAuth } from "../client/account/sign_in/session.ts";
import { fetchGatewayConfig } from "../client/connection/gateway_config.ts";
import { connectWebTransport } from "../client/connection/webtransport/webtransport.ts";
import { IndexedDbStorage } from "../client/storage/indexeddb.ts";
import { SealedStore } from "../client/storage/sealed_store.ts";

/** The largest part that the server takes. */
const partBytes = 8 * 1024 * 1024;
/** `crypto` gives no more at once. */
const randomBytes = 65_536;

/**
 * Sends random bytes in parts and reads them again. Nothing is encrypted, kept or looked at.
 *
 * @param size bytes
 * @returns ms up and down
 */
export async function bareStream(size: number): Promise<{ up: number; down: number }> {
  const storage = await IndexedDbStorage.open();
  const records = new AccountRecords(new SealedStore(storage, await storage.wrappingKey()));
  const auth = sessionAuth((await records.session())!.accessToken, (await records.device())!.deviceId);
  await storage.close();
  const { signal } = new AbortController();
  const { webtransport } = await fetchGatewayConfig(location.origin, signal);
  const connection = await connectWebTransport(WebTransport, webtransport!, { timeoutMs: 10_000, signal });
  const rpc = new RpcClient((signal) => connection.openStream(signal), () => auth);
  const part = new Uint8Array(partBytes);
  for (let at = 0; at < partBytes; at += randomBytes) crypto.getRandomValues(part.subarray(at, at + randomBytes));
  const partAt = (offset: number) => part.subarray(0, Math.min(partBytes, size - offset));
  const offsets = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index * partBytes);
  const hash = sha256.create();
  for (const offset of offsets) hash.update(partAt(offset));
  const blob = { sha256: new Uint8Array(hash.digest()), length: size };
  const startMs = performance.now();
  for (const offset of offsets) {
    await rpc.call(delivery.putBlobPart, { ...blob, offset, drop: false }, { timeoutMs: 120_000 }, partAt(offset));
  }
  const middleMs = performance.now();
  for await (const _ of rpc.stream(delivery.getBlob, { sha256: blob.sha256, offset: 0 }));
  const endMs = performance.now();
  connection.close();
  return { up: middleMs - startMs, down: endMs - middleMs };
}
