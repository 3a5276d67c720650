/** Gathers operations into batches. While one batch is being written, the next one fills. */

import { WireError } from "../../../schema/rpc/errors.ts";
import { StorageError } from "../errors.ts";
import type { StoreOptions } from "../store.ts";
import type { Outcome, Request } from "./batch.ts";
import type { HostLink } from "./storage_thread.ts";

/**
 * The most operations of a batch, which is one transaction: large enough to share an fsync among many, small
 * enough to answer the first of them soon.
 */
const maxBatch = 512;

interface Waiting {
  request: Request;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Told = Pick<StoreOptions, "onCommitted" | "onQueueFailed">;

export class Batcher {
  #waiting: Waiting[] = [];
  #running?: Promise<void>;
  #closed = false;
  readonly #host: HostLink;
  readonly #told: Told;

  constructor(host: HostLink, told: Told) {
    this.#host = host;
    this.#told = told;
  }

  /** Operations that are in no transaction yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @returns the operation's result once it is on disk
   * @throws WireError when the operation was refused, StorageError when it failed or the store is closed
   */
  add(request: Request): Promise<unknown> {
    if (this.#closed) return Promise.reject(new StorageError("the store is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running;
    await this.#host.tell({ kind: "close" });
    this.#host.end();
  }

  async #run(): Promise<void> {
    // Calls of the same turn of the event loop share the first batch, too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      try {
        const answer = await this.#host.tell({ kind: "batch", requests: batch.map(({ request }) => request) });
        if (answer.kind !== "outcomes") throw new StorageError(`unexpected answer ${answer.kind}`);
        if (answer.commitMs !== undefined) this.#told.onCommitted?.(answer.commitMs, batch.length);
        if (answer.lostEntries > 0) this.#told.onQueueFailed?.(answer.lostEntries);
        batch.forEach((waiting, index) => settle(waiting, answer.outcomes[index]));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#running = undefined;
  }
}

function settle({ request, resolve, reject }: Waiting, outcome: Outcome): void {
  if (outcome.kind === "done") resolve(outcome.value);
  else if (outcome.kind === "refused") reject(new WireError(outcome.code, outcome.reason, outcome.retryAfterMs));
  else reject(new StorageError(`${request.domain}.${request.name}: ${outcome.message}`));
}
