/** Files that the service worker streams to this page: for players, and to be saved. Without one, as a Blob. */

import { attachmentStream } from "../../../client/api/attachment_stream.ts";
import type { EngineApi } from "../../../client/api/engine_api.ts";
import { inertType, signatureBytes } from "../../media/inert_types.ts";
import { PageFiles, type StreamEnd, type WorkerContainer } from "../../media/page_files.ts";
import type { MediaPlace } from "./loader.ts";

/** What the page holds in memory where no service worker is in control of it, bytes. */
export const maxHeldBytes = 100 * 1024 * 1024;
/** A frame that has asked for nothing after this time will not, in ms. */
const beginMs = 30_000;
/** How long the browser may take to begin with a Blob, in ms. */
const blobMs = 10_000;
/**
 * A frame whose file the browser has taken is kept so long, in ms. The worker may have given a small file away
 * before the browser makes a download of its answer, and a frame that goes ends what it still loads.
 */
const frameMs = 30_000;

/** There is no service worker, and the file is too large to be held. */
export class NeedsWorkerError extends Error {}

/** The content is of no format that is shown. */
export class UnshownError extends Error {}

/** The browser got nothing of the file, or no more: its service worker was stopped, or got no answer in time. */
export class LostStreamError extends Error {}

/** An address for a player, until it is closed. */
export interface StreamAddress {
  url: string;
  /** Whether a player that fails has not got the bytes: asked anew, they may come. */
  isLost(): boolean;
  close(): void;
}

type Pieces = Pick<EngineApi, "attachmentPiece">;
type Content = ReadableStream<Uint8Array<ArrayBuffer>>;

let shared: PageFiles | undefined;

/** This page's files. They end with it. */
function pageFiles(): PageFiles {
  if (!shared) {
    const files = shared = new PageFiles(navigator.serviceWorker as unknown as WorkerContainer | undefined);
    addEventListener("pagehide", () => files.close());
  }
  return shared;
}

function contentOf(engine: Pieces, chatId: string, { message, index, attachment }: MediaPlace, from = 0): Content {
  return attachmentStream(engine, { chatId, message, index, size: attachment.size }, from);
}

/**
 * @returns an address for a player
 * @throws UnshownError, NeedsWorkerError, EngineError as `attachmentPiece`
 */
export async function streamAddress(
  engine: Pieces,
  chatId: string,
  place: MediaPlace,
  files: PageFiles = pageFiles(),
): Promise<StreamAddress> {
  const { attachment, message, index } = place;
  const start = attachment.size > 0 ? await engine.attachmentPiece(chatId, message, index, 0) : new Uint8Array();
  const type = inertType(attachment.kind, start.subarray(0, signatureBytes));
  if (type === undefined) throw new UnshownError();
  if (await files.isReady()) {
    let isLost = true;
    const { path, close } = files.offer({
      size: attachment.size,
      type,
      read(from) {
        isLost = false;
        return contentOf(engine, chatId, place, from);
      },
      ended: (how) => isLost ||= how === "lost",
    });
    return { url: path, isLost: () => isLost, close };
  }
  const url = URL.createObjectURL(await blobOf(contentOf(engine, chatId, place), attachment.size, type, () => {}));
  return { url, isLost: () => false, close: () => URL.revokeObjectURL(url) };
}

/**
 * Saves an attachment as the browser saves a download.
 *
 * @param progress gets the bytes that the browser has
 * @returns when the browser has all of it, or was told to stop
 * @throws NeedsWorkerError, LostStreamError, EngineError as `attachmentPiece`
 */
export async function saveAttachment(
  engine: Pieces,
  chatId: string,
  place: MediaPlace,
  progress: (done: number) => void,
  files: PageFiles = pageFiles(),
): Promise<void> {
  const { attachment: { name: saveAs, size }, message, index } = place;
  // What can not be read says so before the browser shows a download.
  if (size > 0) await engine.attachmentPiece(chatId, message, index, 0);
  if (!await files.isReady()) {
    const blob = await blobOf(contentOf(engine, chatId, place), size, "application/octet-stream", progress);
    return saveBlob(blob, saveAs);
  }
  await new Promise<void>((resolve, reject) => {
    const frame = document.createElement("iframe");
    const ended = (how: StreamEnd) => {
      clearTimeout(late);
      close();
      setTimeout(() => frame.remove(), how === "taken" ? frameMs : 0);
      if (how === "taken") resolve();
      else reject(new LostStreamError());
    };
    const late = setTimeout(() => ended("lost"), beginMs);
    const read = (from: number) => {
      clearTimeout(late);
      return watched(contentOf(engine, chatId, place, from), (done) => progress(from + done), reject);
    };
    const { path, close } = files.offer({
      size,
      type: "application/octet-stream",
      saveAs,
      read,
      ended,
    });
    frame.hidden = true;
    frame.src = path;
    document.body.append(frame);
  });
}

/** @returns the same content, of which is told how far it is, and why it failed */
function watched(content: Content, progress: (done: number) => void, failed: (error: unknown) => void): Content {
  const reader = content.getReader();
  let done = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value } = await reader.read();
        if (!value) return controller.close();
        controller.enqueue(value);
        progress(done += value.length);
      } catch (error) {
        failed(error);
        controller.error(error);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

async function blobOf(content: Content, size: number, type: string, progress: (done: number) => void): Promise<Blob> {
  if (size > maxHeldBytes) throw new NeedsWorkerError();
  const parts: Blob[] = [];
  const reader = watched(content, progress, () => {}).getReader();
  for (;;) {
    const { value } = await reader.read();
    if (!value) return new Blob(parts, { type });
    // The browser may keep Blobs on the disk.
    parts.push(new Blob([value]));
  }
}

function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), blobMs);
}
