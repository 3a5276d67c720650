/** The page's part: it gives the service worker the files whose paths it has made. */

import {
  mediaFolder,
  type MediaHead,
  type MediaRequest,
  type PageCall,
  type PageWord,
  streamsFiles,
  type WorkerWord,
} from "./stream_protocol.ts";

/** "lost": it was never begun, could not be read on, was closed by the page, or its worker was stopped. */
export type StreamEnd = "taken" | "lost";

/** A file that has a path. */
export interface PageFile extends MediaHead {
  /** @param start where to begin, bytes @returns the content from there on */
  read(start: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A stream has ended. @param how "taken": the browser has what it wanted of it, or has given it up */
  ended?(how: StreamEnd): void;
}

/** A path, until it is closed. */
export interface FilePath {
  path: string;
  close(): void;
}

/** `navigator.serviceWorker`, as far as it is used. */
export interface WorkerContainer {
  readonly controller: { postMessage(message: PageCall, transfer?: Transferable[]): void } | null;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** A worker that does not answer within this time is of an earlier version, or busy: then it is asked again, in ms. */
const helloMs = 3_000;
/** Browsers stop a worker that hears nothing for 30 s (Chromium and Firefox), streams or not. */
const aliveMs = 10_000;
/** A stream whose worker answers so many words of "alive" by none is over: the browser has stopped that worker. */
const maxUnanswered = 3;

/** A stream that is read. */
interface OpenStream {
  id: string;
  /** Words of "alive" since the worker's last word. Not a time: a page that was frozen hears answers late. */
  unanswered: number;
  end(how: StreamEnd): void;
}

/** The files that this page gives to the service worker. */
export class PageFiles {
  readonly #container: WorkerContainer | undefined;
  readonly #files = new Map<string, PageFile>();
  readonly #open = new Map<MessagePort, OpenStream>();
  readonly #everyMs: number;
  #ready: { worker: unknown; answer: Promise<boolean> } | undefined;
  #alive: ReturnType<typeof setInterval> | undefined;

  /**
   * @param container undefined: the browser has no service workers
   * @param everyMs how often the worker is told to stay alive
   */
  constructor(container: WorkerContainer | undefined, everyMs: number = aliveMs) {
    this.#container = container;
    this.#everyMs = everyMs;
    container?.addEventListener("message", ({ data, ports }) => {
      const request = data as Partial<MediaRequest> | undefined;
      if (request?.media === "open" && ports[0]) this.#answer(String(request.id), ports[0]);
    });
  }

  /** Whether a service worker that streams files is in control of this page. */
  isReady(): Promise<boolean> {
    const worker = this.#container?.controller;
    if (!worker) return Promise.resolve(false);
    if (this.#ready?.worker !== worker) {
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise<boolean>((resolve) => {
        port1.onmessage = ({ data }) => resolve(data === streamsFiles);
        setTimeout(() => {
          resolve(false);
          if (this.#ready?.answer === answer) void answer.then((ready) => ready || (this.#ready = undefined));
        }, helloMs);
        worker.postMessage({ media: "hello" }, [port2]);
      });
      this.#ready = { worker, answer };
    }
    return this.#ready.answer;
  }

  /** Gives a file a path. The path is of use to this page only, and ends with it. */
  offer(file: PageFile): FilePath {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
      .join("");
    this.#files.set(id, file);
    return { path: mediaFolder + id, close: () => this.#close(id) };
  }

  /** Ends all paths and streams. */
  close(): void {
    for (const id of [...this.#files.keys()]) this.#close(id);
  }

  /** What is half saved fails, and does not look whole. */
  #close(id: string): void {
    this.#files.delete(id);
    for (const [port, stream] of [...this.#open]) {
      if (stream.id !== id) continue;
      port.postMessage({ kind: "failed" } satisfies PageWord);
      stream.end("lost");
    }
  }

  #answer(id: string, port: MessagePort): void {
    const file = this.#files.get(id);
    const say = (word: PageWord, transfer: Transferable[] = []) => port.postMessage(word, transfer);
    if (!file) return say({ kind: "unknown" });
    let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
    const end = (how: StreamEnd) => {
      if (!this.#open.delete(port)) return;
      this.#stayAlive();
      void reader?.cancel().catch(() => {});
      port.close();
      file.ended?.(how);
    };
    const next = async () => {
      const { done, value } = await reader!.read();
      if (done) return say({ kind: "end" });
      // The engine's pieces are copies of this page: they may move on.
      const bytes = value.byteLength === value.buffer.byteLength ? value : value.slice();
      say({ kind: "bytes", bytes }, [bytes.buffer]);
    };
    const stream: OpenStream = { id, unanswered: 0, end };
    port.onmessage = ({ data }: MessageEvent<WorkerWord>) => {
      stream.unanswered = 0;
      if (data.kind === "begin") reader = file.read(data.start).getReader();
      // A worker that did not begin has got the head too late, or not for such a request.
      else if (data.kind === "stop") end(reader ? "taken" : "lost");
      else if (data.kind === "next") {
        void next().catch(() => {
          say({ kind: "failed" });
          end("lost");
        });
      }
    };
    this.#open.set(port, stream);
    this.#stayAlive();
    const { size, type, saveAs } = file;
    say({ kind: "head", head: { size, type, ...(saveAs !== undefined && { saveAs }) } });
  }

  #stayAlive(): void {
    clearInterval(this.#alive);
    this.#alive = undefined;
    if (this.#open.size === 0) return;
    this.#alive = setInterval(() => {
      this.#container?.controller?.postMessage({ media: "alive" });
      for (const [port, stream] of [...this.#open]) {
        if (stream.unanswered >= maxUnanswered) stream.end("lost");
        else port.postMessage({ kind: "alive" } satisfies PageWord);
        stream.unanswered++;
      }
    }, this.#everyMs);
  }
}
