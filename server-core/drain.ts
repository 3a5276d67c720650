/** Shuts the core down without losing an acknowledged write (specification §4.13). */

import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import type { Calls } from "./calls.ts";
import type { LiveDevices } from "./delivery/live.ts";
import type { Listener } from "./listener.ts";

/** How long calls in flight may continue, in ms. */
const inFlightMs = 5_000;

/** Closing a QUIC connection discards unsent bytes. So the last answers get this many ms to be sent. */
const flushMs = 150;

/**
 * Refuses new calls, lets calls in flight finish, ends subscriptions with E040, then closes every connection.
 */
export async function drain(
  { calls, live, listener }: { calls: Calls; live: LiveDevices; listener: Listener },
): Promise<void> {
  listener.stopAccepting();
  calls.drain();
  live.endAll(new WireError(ErrorCode.draining, "the server is shutting down: reconnect"));
  await listener.idle(inFlightMs);
  await pause(flushMs);
  listener.close({ closeCode: 0, reason: "server shutdown" });
  await pause(flushMs);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
