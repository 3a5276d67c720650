/** Handlers that read a device's own queue: `fetch`, `fetchWait`, `subscribe`, `fetchBody`. */

import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry, type ParamsOf } from "../../schema/rpc/methods.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { exactly, requireOwnDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";

const maxEntries = 200;
const maxWaitMs = 60_000;

/**
 * @returns the entries of the caller's own device after a seq, at most 200 and 192 KiB
 * @throws WireError E003
 */
export async function fetch(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.fetch>,
  caller: Caller,
): Promise<{ entries: Entry[] }> {
  return { entries: await deps.store.fetch(fetchArgs(params, caller)) };
}

/** Fetches as `fetch` does, and waits at most 60 s for the first entry. @throws WireError E003 */
export async function fetchWait(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.fetchWait>,
  { caller, signal }: CallContext<Caller>,
): Promise<{ entries: Entry[] }> {
  const args = fetchArgs(params, caller);
  const deadlineMs = performance.now() + Math.min(params.timeoutMs, maxWaitMs);
  while (true) {
    const leftMs = deadlineMs - performance.now();
    // Listening starts before the read, so that no entry that is stored in between is missed.
    const listening = new AbortController();
    const stored = deps.live.stored(
      args.recipientKey,
      Math.max(leftMs, 0),
      AbortSignal.any([signal, listening.signal]),
    );
    stored.catch(() => {});
    const entries = await deps.store.fetch(args).catch((error) => {
      listening.abort();
      throw error;
    });
    if (entries.length > 0 || leftMs <= 0 || signal.aborted) {
      listening.abort();
      return { entries };
    }
    await stored;
  }
}

/**
 * First the backlog, then live entries. Both continue from the cursor, so that no entry is missed or
 * repeated.
 */
export async function* subscribe(
  deps: DeliveryDependencies,
  { recipientKey, after }: ParamsOf<typeof delivery.subscribe>,
  { caller, signal }: CallContext<Caller>,
): AsyncGenerator<{ entries: Entry[] }> {
  const { sessionId } = requireOwnDevice(caller, recipientKey);
  if (deps.draining()) throw new WireError(ErrorCode.draining, "the server is shutting down");
  const subscription = deps.live.subscribe(recipientKey, sessionId);
  let cursor = after;
  let announced = false;
  try {
    while (!signal.aborted) {
      const news = await subscription.next(deps.heartbeatMs, signal);
      if (signal.aborted) return;
      const following = news.entries.filter(({ seq }) => seq === 0 || seq > cursor);
      if (news.behind || !isNext(following, cursor)) {
        const ephemeral = following.filter(({ seq }) => seq === 0);
        if (ephemeral.length > 0) yield { entries: ephemeral };
        for await (const entries of stored(deps, recipientKey, cursor)) {
          subscription.throwIfEnded();
          cursor = entries[entries.length - 1].seq;
          yield { entries };
        }
        if (!announced) yield { entries: [] };
        announced = true;
      } else if (following.length > 0) {
        cursor = Math.max(cursor, ...following.map(({ seq }) => seq));
        yield { entries: following };
      } else if (news.quiet) {
        yield { entries: [] };
      }
    }
  } finally {
    deps.live.unsubscribe(recipientKey, subscription);
  }
}

/** Whether the stored entries among live ones follow the cursor without a gap. */
function isNext(entries: Entry[], cursor: number): boolean {
  return entries.filter(({ seq }) => seq !== 0).every(({ seq }, index) => seq === cursor + 1 + index);
}

async function* stored({ store }: DeliveryDependencies, recipientKey: Bytes, after: number): AsyncGenerator<Entry[]> {
  let cursor = after;
  while (true) {
    const entries = await store.fetch({ recipientKey, channelId: new Uint8Array(), after: cursor, limit: maxEntries });
    if (entries.length === 0) return;
    cursor = entries[entries.length - 1].seq;
    yield entries;
  }
}

/** @returns an entry's whole body, in pieces of at most 64 KiB @throws WireError E003, E012 */
export async function* fetchBody(
  { store }: DeliveryDependencies,
  { recipientKey, seq }: ParamsOf<typeof delivery.fetchBody>,
  caller: Caller,
): AsyncGenerator<{ bytes: Bytes }> {
  requireOwnDevice(caller, recipientKey);
  for (let index = 0;; index++) {
    const bytes = await store.bodyPiece({ recipientKey, seq, index });
    if (!bytes) return;
    yield { bytes };
  }
}

function fetchArgs({ recipientKey, channelId, after, limit }: ParamsOf<typeof delivery.fetch>, caller: Caller) {
  requireOwnDevice(caller, recipientKey);
  if (channelId.length > 0) exactly(channelId, 32, "channelId");
  if (limit === 0) throw new WireError(ErrorCode.malformed, "limit: 1 to 200");
  return { recipientKey, channelId, after, limit: Math.min(limit, maxEntries) };
}
