/**
 * Caches the app's files, so that the app opens without a network. It caches only files of the build: no
 * answer of the server, no configuration.
 */

import "./dom/trusted_types.ts";
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  getCacheKeyForURL,
  matchPrecache,
  precache,
} from "workbox-precaching";

interface Extendable extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly __WB_MANIFEST: Parameters<typeof precache>[0];
  readonly location: Location;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "activate", listener: (event: Extendable) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}
declare const self: WorkerScope;

precache(self.__WB_MANIFEST);
cleanupOutdatedCaches();
const openApp = createHandlerBoundToURL("/index.html");

/** Paths that belong to the gateway and not to the app. */
const gatewayPath = /^\/(rpc$|\.well-known\/)/;

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || gatewayPath.test(url.pathname)) return;
  if (event.request.mode === "navigate") {
    event.respondWith(openApp({ request: event.request, event: event as never, url }));
  } else if (getCacheKeyForURL(url.href)) {
    event.respondWith(matchPrecache(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});

// A new version waits for the user's decision, because a page and its Worker must come from one build.
self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
