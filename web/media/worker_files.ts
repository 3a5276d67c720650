/** The service worker's part: it answers requests for files with what their page gives it. */

import { byteRange } from "./byte_range.ts";
import { answerHeaders, refusalHeaders } from "./answer_headers.ts";
import { type MediaHead, mediaId, type MediaRequest, type PageWord, type WorkerWord } from "./stream_protocol.ts";

/** A page, as the worker sees it. */
interface Page {
  postMessage(message: MediaRequest, transfer: Transferable[]): void;
}

/** The pages of this origin. */
export interface Pages {
  get(id: string): Promise<Page | undefined>;
  matchAll(options: { type: "window" }): Promise<readonly Page[]>;
}

/** A request for a file. */
export interface FileRequest {
  request: Pick<Request, "url" | "mode" | "destination" | "headers">;
  /** The page that asks; empty for a frame that is to be filled. */
  clientId: string;
}

/** A page that does not answer within this time does not have the file, in ms. */
const answerMs = 10_000;

/**
 * @param event a GET below {@link mediaFolder}
 * @param withinMs how long the pages have for their answer
 * @returns 200, 206 or 416; 404 where no page knows the path, or where it is asked for in another way than it was made
 *   for: what is shown goes into a player, what is saved into a frame, and neither is ever a page
 */
export async function answerFile(
  { request, clientId }: FileRequest,
  pages: Pages,
  withinMs: number = answerMs,
): Promise<Response> {
  const id = mediaId(new URL(request.url).pathname);
  const isFrame = request.mode === "navigate";
  if (id === undefined || (isFrame && request.destination !== "iframe")) return refusal(404);
  const own = isFrame ? undefined : await pages.get(clientId);
  const asked = isFrame ? await pages.matchAll({ type: "window" }) : own ? [own] : [];
  const known = await firstKnown(asked.map((page) => ask(page, id, withinMs)));
  if (!known) return refusal(404);
  const { head, port } = known;
  const range = head.saveAs === undefined ? byteRange(request.headers.get("range"), head.size) : undefined;
  if (isFrame !== (head.saveAs !== undefined) || range === "unsatisfiable") {
    port.postMessage({ kind: "stop" } satisfies WorkerWord);
    return range === "unsatisfiable" ? refusal(416, head.size) : refusal(404);
  }
  const part = range ?? { start: 0, end: head.size };
  return new Response(streamFrom(port, part.start, part.end - part.start), {
    status: range ? 206 : 200,
    headers: answerHeaders(head, range),
  });
}

interface Known {
  head: MediaHead;
  port: MessagePort;
}

function ask(page: Page, id: string, withinMs: number): Promise<Known | undefined> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const end = setTimeout(() => {
      resolve(undefined);
      // The page knows then that its answer came too late.
      port.postMessage({ kind: "stop" } satisfies WorkerWord);
    }, withinMs);
    port.onmessage = ({ data }: MessageEvent<PageWord>) => {
      clearTimeout(end);
      resolve(data.kind === "head" ? { head: data.head, port } : undefined);
    };
    page.postMessage({ media: "open", id }, [port2]);
  });
}

async function firstKnown(answers: Promise<Known | undefined>[]): Promise<Known | undefined> {
  const known = answers.map(async (answer) => await answer ?? Promise.reject(new Error("not the page of this file")));
  return await Promise.any(known).catch(() => undefined);
}

/** One part is under way at a time, and only when the reader wants it. */
function streamFrom(port: MessagePort, start: number, bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = bytes;
  let taken = (_word: PageWord) => {};
  const say = (word: WorkerWord) => port.postMessage(word);
  port.onmessage = ({ data }: MessageEvent<PageWord>) => data.kind === "alive" ? say({ kind: "alive" }) : taken(data);
  const next = () =>
    new Promise<PageWord>((resolve) => {
      taken = resolve;
      say({ kind: "next" });
    });
  return new ReadableStream({
    start: () => say({ kind: "begin", start }),
    async pull(controller) {
      if (left > 0) {
        const word = await next();
        if (word.kind !== "bytes") return controller.error(new Error("the file ends before its end"));
        const part = word.bytes.subarray(0, left);
        left -= part.length;
        controller.enqueue(part);
      }
      if (left > 0) return;
      say({ kind: "stop" });
      controller.close();
    },
    cancel: () => say({ kind: "stop" }),
  }, { highWaterMark: 0 });
}

function refusal(status: number, size?: number): Response {
  return new Response(status === 404 ? "not found" : null, { status, headers: refusalHeaders(size) });
}
