/**
 * The Workers over which the engine spreads public-key work. They start when there is work, and end after a
 * while without work.
 */

import type { CryptoJob, CryptoResult, CryptoThreads } from "../../client/crypto/parallel.ts";

/** The used part of the Worker interface. */
export interface JobWorker {
  postMessage(jobs: CryptoJob[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<CryptoResult[]>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

interface Share {
  jobs: CryptoJob[];
  resolve(results: CryptoResult[]): void;
  reject(error: Error): void;
}

const idleMs = 15_000;

/** Workers that take curve operations off the engine's thread. */
export class CryptoWorkers implements CryptoThreads {
  readonly count: number;
  readonly #start: () => JobWorker;
  readonly #idleMs: number;
  readonly #waiting: Share[] = [];
  readonly #free: JobWorker[] = [];
  #started = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param start starts a Worker
   * @param count the most Workers at a time
   */
  constructor(start: () => JobWorker, count: number, endAfterMs: number = idleMs) {
    this.#start = start;
    this.count = count;
    this.#idleMs = endAfterMs;
  }

  run(jobs: CryptoJob[]): Promise<CryptoResult[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ jobs, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0) {
      const worker = this.#free.pop() ?? this.#startOne();
      if (!worker) return;
      this.#give(worker, this.#waiting.shift()!);
    }
    // All Workers are free, and no job waits.
    if (this.#started > 0 && this.#free.length === this.#started) {
      this.#timer = setTimeout(() => this.#end(), this.#idleMs);
    }
  }

  #startOne(): JobWorker | undefined {
    if (this.#started === this.count) return undefined;
    this.#started++;
    return this.#start();
  }

  #give(worker: JobWorker, { jobs, resolve, reject }: Share): void {
    worker.onmessage = ({ data }) => {
      resolve(data);
      this.#free.push(worker);
      this.#next();
    };
    // The Worker could not be loaded, or a job threw. Another Worker replaces it.
    worker.onerror = (event) => {
      event.preventDefault?.();
      worker.terminate();
      this.#started--;
      reject(new Error(`a thread is broken: ${event.message}`));
      this.#next();
    };
    worker.postMessage(jobs);
  }

  #end(): void {
    for (const worker of this.#free.splice(0)) worker.terminate();
    this.#started = 0;
  }
}
