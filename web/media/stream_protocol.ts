/**
 * What page and service worker say to each other about files that the worker streams (decision 059). A file has an
 * unguessable path, which one page knows. The worker remembers nothing: it asks the pages at each request, so it may be
 * stopped at any time.
 */

/** The folder of all such paths. Only the service worker answers below it; the gateway has nothing there. */
export const mediaFolder = "/media/";

const pathPattern = /^\/media\/([0-9a-f]{32})$/;

/** @returns the id in a path; undefined for any other path */
export function mediaId(pathname: string): string | undefined {
  return pathPattern.exec(pathname)?.[1];
}

/** A request that the worker passes to a page, with a port for the answer. */
export interface MediaRequest {
  media: "open";
  id: string;
}

/** What the page says of a file. */
export interface MediaHead {
  /** Bytes. */
  size: number;
  /** Of the fixed list of inert types (inert_types.ts), or that of bytes. */
  type: string;
  /** It is saved under this name, and not shown. */
  saveAs?: string;
}

/** The page's side of the port. */
export type PageWord =
  | { kind: "unknown" }
  | { kind: "head"; head: MediaHead }
  | { kind: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "end" }
  | { kind: "failed" }
  | { kind: "alive" };

/** The worker's side of the port. It asks for one part at a time: a slow reader slows the file down. */
export type WorkerWord =
  | { kind: "begin"; start: number }
  | { kind: "next" }
  | { kind: "stop" }
  /** The answer to the page's "alive": a worker that was stopped gives none, and a reader that pauses does. */
  | { kind: "alive" };

/** "hello" asks whether this worker streams files; "alive" keeps it from being stopped for idleness. */
export type PageCall = { media: "hello" } | { media: "alive" };

/** The answer to "hello". */
export const streamsFiles = "streams-files";
