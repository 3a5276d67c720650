/** The event loop's side of the storage thread: one message out, one answer back. */

import type { FromHost, ToHost } from "./database_host.ts";
import { StorageError } from "../errors.ts";

/** The connection to a {@link DatabaseHost}, which takes one request at a time. */
export interface HostLink {
  /** @throws StorageError when the host has ended */
  tell(message: ToHost): Promise<FromHost>;
  end(): void;
}

export class StorageThread implements HostLink {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "storage" });
  #answer?: PromiseWithResolvers<FromHost>;
  #dead?: Error;

  /** @param onDead called when the thread has ended by an error */
  constructor(onDead?: (error: Error) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<FromHost>) => {
      const answer = this.#answer;
      this.#answer = undefined;
      answer?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#dead = new StorageError(`the storage thread died: ${event.message}`);
      this.#answer?.reject(this.#dead);
      onDead?.(this.#dead);
    };
  }

  tell(message: ToHost): Promise<FromHost> {
    if (this.#dead) return Promise.reject(this.#dead);
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(message);
    return this.#answer.promise;
  }

  end(): void {
    this.#worker.terminate();
  }
}
