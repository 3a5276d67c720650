/** Handler of `commit`: receives the streamed bundle, checks its hash, and stores it whole. */

import { createHash } from "node:crypto";
import { encodeCbor } from "../../schema/cbor.ts";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { CallWindow } from "../../server-common/call_window.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type ParamsOf, type ResultsOf } from "../../schema/rpc/methods.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { Bundle } from "./bundle.ts";
import { exactly, requireDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";

/** specification §4.3: commit, Welcome and headers together. */
const maxBundleBytes = 16 * 1024 * 1024;
const maxChanges = 2000;
/**
 * How often an account may add one device of another account, to all channels together. Nobody needs a device's
 * KeyPackage to send it a Welcome that does not open, and it tries its private keys on each.
 */
const maxAddsPerHour = 128;
/** One header record: recipientKey ‖ header (X-Wing ciphertext 1,120 + AES-GCM over 32 bytes). */
const headerBytes = 1168;
const headerRecordBytes = 32 + headerBytes;

type Params = ParamsOf<typeof delivery.commit>;

/** @param clock ms since the Unix epoch @returns what counts the additions, by account and device */
export function additions(clock: () => number, most: number = maxAddsPerHour): CallWindow {
  return new CallWindow({ most, spanMs: 3_600_000, clock, maxKeys: 20_000 });
}

/**
 * Receives a whole commit bundle of at most 16 MiB, checks its hash and its headers, and stores all of it or
 * nothing.
 *
 * @returns the new epoch, and the commit's place in the channel
 * @throws WireError E005, E011, E012, E014 to E017, E032
 */
export async function commit(
  deps: DeliveryDependencies,
  params: Params,
  { caller, chunks }: CallContext<Caller>,
): Promise<ResultsOf<typeof delivery.commit>> {
  const { recipientKey: sender, accountKey } = requireDevice(caller);
  const total = checkParams(params);
  const { channelId, epoch, commitId, removed, added } = params;
  const head = { sender, channelId, epoch, commitId, contentHash: contentHashOf(params) };
  // Checked before the bundle is read, so that a call that must fail does not send 16 MiB first. The store
  // checks again in its transaction.
  const before = await deps.store.checkCommit(head);
  if (before) return before;
  const owner = { account: toHex(accountKey), remoteAddress: caller.remoteAddress };
  return await deps.bodies.with(total, owner, async (body) => {
    const bundle = await body.receive(Bundle.gather(chunks(), total, params.sha256, body.charge));
    const counted = await countAdditions(deps, accountKey, added);
    try {
      const { n, place, queued } = await deps.store.commit({ ...head, removed, added, ...split(bundle, params) });
      for (const { recipientKey } of queued) deps.live.notify(recipientKey);
      return { n, place };
    } catch (error) {
      deps.additions.giveBack(counted);
      throw error;
    }
  });
}

/** @returns what was counted, to be given back where the commit fails @throws WireError E032 */
async function countAdditions(
  { additions, store }: DeliveryDependencies,
  accountKey: Bytes,
  added: Bytes[],
): Promise<string[]> {
  const keysOf = (devices: Bytes[]) => devices.map((key) => `${toHex(accountKey)} ${toHex(key)}`);
  if (additions.take(keysOf(added)) === 0) return keysOf(added);
  // An account's own devices are free: a new one comes into all of its channels at once, and may be in more than these.
  const { own } = await store.accountChannels({ accountKey, most: 0 });
  const others = added.filter((key) => !own.some((device) => equalBytes(device, key)));
  if (additions.take(keysOf(others)) === 0) return keysOf(others);
  throw new WireError(ErrorCode.quotaExceeded, `an account may add a device ${maxAddsPerHour} times in an hour`);
}

/** @returns the bundle's length in bytes */
function checkParams(
  { channelId, commitId, sha256, commitLength, welcomeLength, headersLength, removed, added }: Params,
): number {
  exactly(channelId, 32, "channelId");
  exactly(commitId, 16, "commitId");
  exactly(sha256, 32, "sha256");
  for (const key of [...removed, ...added]) exactly(key, 32, "recipientKey");
  if (removed.length + added.length > maxChanges) {
    throw new WireError(ErrorCode.malformed, `at most ${maxChanges} devices are removed and added together`);
  }
  if (commitLength === 0 || headersLength % headerRecordBytes !== 0 || headersLength === 0) {
    throw new WireError(ErrorCode.malformed, "commit and headers: wrong length");
  }
  const total = commitLength + welcomeLength + headersLength;
  if (total > maxBundleBytes) {
    throw new WireError(ErrorCode.payloadTooLarge, `a commit bundle: at most ${maxBundleBytes} bytes`);
  }
  return total;
}

/** A hash over the whole call. A commitId may be repeated only with the same call. */
function contentHashOf({ epoch, sha256, commitLength, welcomeLength, headersLength, removed, added }: Params): Bytes {
  return new Uint8Array(
    createHash("sha256").update(encodeCbor([epoch, sha256, commitLength, welcomeLength, headersLength, removed, added]))
      .digest(),
  );
}

function split(bundle: Bundle, { commitLength, welcomeLength, headersLength }: Params) {
  const headersStart = commitLength + welcomeLength;
  return {
    commit: bundle.slice(0, commitLength),
    welcome: bundle.slice(commitLength, headersStart),
    headers: Array.from({ length: headersLength / headerRecordBytes }, (_, index) => {
      const start = headersStart + index * headerRecordBytes;
      return {
        recipientKey: bundle.slice(start, start + 32),
        header: bundle.slice(start + 32, start + headerRecordBytes),
      };
    }),
  };
}
