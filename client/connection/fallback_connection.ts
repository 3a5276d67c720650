/** An HTTPS connection that hands over to WebTransport later, without breaking calls in progress. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { Activity } from "./activity.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Connection } from "./transport.ts";

/** After the hand-over, the HTTPS connection ends when no stream has moved for this long … */
export const quietMs = 2_000;
/** … or after this time in all. The engine repeats interrupted calls with the same id. */
export const lastCallMs = 20_000;
const lookEveryMs = 500;

/** An HTTPS connection until a better connection takes over. */
export class FallbackConnection implements Connection {
  readonly transport = "HTTPS";
  readonly closed: Promise<{ reason: string }>;
  readonly #https: Connection;
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #over = new AbortController();
  #next: Connection | undefined;
  #end: (end: { reason: string }) => void = () => {};
  #cancelLook: () => void = () => {};

  constructor(https: Connection, clock: Clock) {
    this.#https = https;
    this.#clock = clock;
    this.#activity = new Activity(() => clock.now());
    this.closed = new Promise((resolve) => this.#end = resolve);
    void https.closed.then(({ reason }) => this.#finish(reason));
  }

  /** Aborts when the connection is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    if (this.#next) return await this.#next.openStream(signal);
    return await this.#activity.watch(this.#https.openStream(signal));
  }

  /**
   * New calls use `next` from now on. This connection ends when its calls have ended or only wait (a
   * subscription). The engine then gets `next`.
   */
  handOver(next: Connection): void {
    this.#next = next;
    const startedMs = this.#clock.now();
    const look = () => {
      const isDone = this.#activity.open === 0 || this.#activity.quietMs() >= quietMs ||
        this.#clock.now() - startedMs >= lastCallMs;
      if (isDone) this.#finish("WebTransport works again");
      else this.#cancelLook = this.#clock.after(lookEveryMs, look);
    };
    this.#cancelLook = this.#clock.after(lookEveryMs, look);
  }

  close(): void {
    if (!this.#over.signal.aborted) this.#next?.close();
    this.#finish("closed");
  }

  #finish(reason: string): void {
    if (this.#over.signal.aborted) return;
    this.#cancelLook();
    this.#over.abort();
    this.#end({ reason });
    this.#https.close();
  }
}
