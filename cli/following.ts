/** Prints what comes, until it is told to stop. */

import { watchNetwork } from "./network_watch.ts";
import type { Printer } from "./printer.ts";
import type { Session } from "./session.ts";
import { failureOfEvent } from "./session_failures.ts";

/** @returns a function that ends the watch over the network, whose return wakes the engine */
export function wakeWithNetwork(session: Session): () => void {
  return watchNetwork({ interfaces: Deno.networkInterfaces, onChange: () => void session.engine.wake() });
}

/**
 * Prints new items as they come, and at the end what has come until then.
 *
 * @param until ends it in order
 * @throws Failure when the session has ended, or goes on elsewhere; errors of the output
 */
export async function follow(session: Session, printer: Printer, until: AbortSignal): Promise<void> {
  let unwatch = () => {};
  const over = new Promise<void>((resolve, reject) => {
    const look = () => void printer.print().catch(reject);
    unwatch = session.watch((event) => {
      if (event.kind === "timeline" || event.kind === "chats") look();
      const ended = failureOfEvent(event);
      if (ended) reject(ended);
    });
    if (until.aborted) resolve();
    until.addEventListener("abort", () => resolve(), { once: true });
    // Items that arrived between the first pass and the watch.
    look();
  });
  await over.finally(unwatch);
  await printer.print();
}
