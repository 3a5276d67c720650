/**
 * A service worker of its own scope: one classic script that has the engine in it. The app's own worker is started for
 * each page and stays small; this one runs when it is woken.
 */

import "../dom/trusted_types.ts";
import { emptyQueue } from "./wake.ts";

interface Extendable extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
declare const self: {
  addEventListener(type: "message", listener: (event: Extendable & MessageEvent) => void): void;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  skipWaiting(): Promise<void>;
};

let underWay: ReturnType<typeof emptyQueue> | undefined;

/** What wakes it while it works is part of the same work. */
function woken(): ReturnType<typeof emptyQueue> {
  return underWay ??= emptyQueue().finally(() => underWay = undefined);
}

// It controls no page, so an old one need not be waited for.
self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));

// Any page of this origin may ask: each of them could run the engine itself.
self.addEventListener("message", (event) => {
  if ((event.data as { woken?: string } | null)?.woken !== "empty") return;
  const [port] = event.ports;
  event.waitUntil(
    woken().then(
      (outcome) => port?.postMessage(outcome),
      (error) => port?.postMessage({ kind: "failed", reason: String((error as Error)?.message ?? error) }),
    ),
  );
});
