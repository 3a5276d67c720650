/**
 * Caches the app's files, so that the app opens without a network. It caches only files of the build: no
 * answer of the server, no configuration. And it streams files of messages that a page gives it (web/media/).
 */

import "./dom/trusted_types.ts";
import { mediaFolder, type PageCall, streamsFiles } from "./media/stream_protocol.ts";
import { answerFile, type Pages } from "./media/worker_files.ts";
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
  readonly clientId: string;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly __WB_MANIFEST: Parameters<typeof precache>[0];
  readonly location: Location;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "activate", listener: (event: Extendable) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: Pages & { claim(): Promise<void> };
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
  if (url.pathname.startsWith(mediaFolder)) {
    event.respondWith(answerFile(event, self.clients));
  } else if (event.request.mode === "navigate") {
    event.respondWith(openApp({ request: event.request, event: event as never, url }));
  } else if (getCacheKeyForURL(url.href)) {
    event.respondWith(matchPrecache(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});

// A new version waits for the user's decision, because a page and its Worker must come from one build.
self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
  // "alive" needs no answer: the browser counts from it how long this worker was idle.
  if ((event.data as Partial<PageCall> | null)?.media === "hello") event.ports[0]?.postMessage(streamsFiles);
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
