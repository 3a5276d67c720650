/** Handlers that read a device's own queue: `fetch`, `fetchWait`, `subscribe`, `fetchBody`. */

import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry, type ParamsOf, type ResultsOf } from "../../schema/rpc/methods.ts";
import type { CallContext } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { exactly, requireDevice, requireOwnDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";
import type { Subscription } from "./subscription.ts";

const maxEntries = 200;
const maxWaitMs = 60_000;
/** Pause between two looks whether a caller is still there, in ms. */
const betweenLooksMs = 20;
/** Earlier marks that a client may name. */
const maxMarks = 16;

/**
 * @returns the entries of the caller's own device after a seq, at most 200 and 192 KiB
 * @throws WireError E003, E005, E014, E018
 */
export async function fetch(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.fetch>,
  caller: Caller,
): Promise<{ entries: Entry[] }> {
  return { entries: await deps.store.fetch(fetchArgs(params, caller)) };
}

/**
 * Fetches as `fetch` does, and waits at most 60 s for the first entry. A device waits once: a newer call ends this one.
 *
 * @throws WireError E003, E005 with the time to wait, E018
 */
export async function fetchWait(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.fetchWait>,
  { caller, signal }: CallContext<Caller>,
): Promise<{ entries: Entry[] }> {
  const args = fetchArgs(params, caller);
  const { sessionId } = requireDevice(caller);
  const { recipientKey, channelId } = args;
  const timeoutMs = Math.min(params.timeoutMs, maxWaitMs);
  if (timeoutMs === 0) return { entries: await deps.store.fetch(args) };
  // Opened before the read, so that no entry that is stored in between is missed.
  const waiting = deps.live.wait(recipientKey, { sessionId, channelId, timeoutMs });
  try {
    while (true) {
      const { leftMs } = waiting;
      const entries = await deps.store.fetch(args);
      if (entries.length > 0 || leftMs === 0 || signal.aborted) return { entries };
      await waiting.next(signal);
    }
  } finally {
    deps.live.unwait(recipientKey, waiting);
  }
}

type Element = ResultsOf<typeof delivery.subscribeAs>;

/** @returns elements of entries, for clients that do not name their run @throws WireError E003, E040, E041 */
export async function* subscribe(
  deps: DeliveryDependencies,
  { recipientKey, after }: ParamsOf<typeof delivery.subscribe>,
  context: CallContext<Caller>,
): AsyncGenerator<{ entries: Entry[] }> {
  const { sessionId } = requireOwnDevice(context.caller, recipientKey);
  requireServing(deps);
  const subscription = deps.live.subscribe(recipientKey, sessionId);
  for await (const { entries } of elements(deps, recipientKey, after, subscription, context.signal)) yield { entries };
}

/**
 * As `subscribe`, and tells a client when another engine has its device's keys (specification §4.15).
 *
 * @throws WireError E003, E014, E040, E041
 */
export async function* subscribeAs(
  deps: DeliveryDependencies,
  { recipientKey, after, run, mark, before, displaced }: ParamsOf<typeof delivery.subscribeAs>,
  { caller, signal }: CallContext<Caller>,
): AsyncGenerator<Element> {
  const { sessionId } = requireOwnDevice(caller, recipientKey);
  exactly(run, 16, "run");
  if (displaced) return deps.live.displaced(recipientKey, run);
  if (before.length > maxMarks) throw new WireError(ErrorCode.malformed, `before: at most ${maxMarks} marks`);
  for (const each of [mark, ...before]) exactly(each, 16, "a mark");
  requireServing(deps);
  const subscription = deps.live.subscribe(recipientKey, sessionId, { run, mark, before });
  yield* elements(deps, recipientKey, after, subscription, signal);
}

function requireServing(deps: DeliveryDependencies): void {
  if (deps.draining()) throw new WireError(ErrorCode.draining, "the server is shutting down");
}

/**
 * First the backlog, then live entries. Both continue from the cursor, so that no entry is missed or
 * repeated.
 */
async function* elements(
  deps: DeliveryDependencies,
  recipientKey: Bytes,
  after: number,
  subscription: Subscription,
  signal: AbortSignal,
): AsyncGenerator<Element> {
  const of = (entries: Entry[]): Element => ({ entries, copied: false, held: false });
  let cursor = after;
  let announced = false;
  try {
    let held = await subscription.held();
    while (!signal.aborted) {
      const news = await subscription.next(deps.heartbeatMs, signal);
      if (signal.aborted) return;
      const copied = subscription.takeCopied();
      if (copied || held) yield { entries: [], copied, held };
      if (copied) subscription.copiedTold();
      held = false;
      const following = news.entries.filter(({ seq }) => seq === 0 || seq > cursor);
      if (news.behind || !isNext(following, cursor)) {
        const ephemeral = following.filter(({ seq }) => seq === 0);
        if (ephemeral.length > 0) yield of(ephemeral);
        for await (const entries of stored(deps, recipientKey, cursor)) {
          subscription.throwIfEnded();
          cursor = entries[entries.length - 1].seq;
          yield of(entries);
        }
        if (!announced) yield of([]);
        announced = true;
      } else if (following.length > 0) {
        cursor = Math.max(cursor, ...following.map(({ seq }) => seq));
        yield of(following);
      } else if (news.quiet) {
        yield of([]);
      }
    }
  } catch (error) {
    // Deno's QUIC tells of a reset at the second write after it (architecture §5). An empty element tells nothing else.
    for (let look = 0; look < 2 && subscription.isDisplaced; look++) {
      yield of([]);
      await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
    }
    subscription.lastTaken(true);
    throw error;
  } finally {
    subscription.lastTaken(false);
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
