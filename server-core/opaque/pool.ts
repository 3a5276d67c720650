/** Runs OPAQUE in worker threads behind one bounded queue, in which the addresses take turns. */

import { MalformedError } from "../../schema/malformed_error.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { OpaqueJobName, OpaqueJobs, WorkerAnswer, WorkerRequest } from "./jobs.ts";
import { FairQueue } from "../../server-common/fair_queue.ts";
import type { OpaqueServerKeys } from "./server_keys.ts";

/** OPAQUE as the handlers use it. */
export interface Opaque {
  /**
   * @param remoteAddress the caller's IP literal: addresses take turns (fair_queue.ts)
   * @throws WireError E005 when too much work is waiting, and this address has most of it
   * @throws MalformedError for bytes that are no message of the suite
   */
  run<J extends OpaqueJobName>(
    job: J,
    params: OpaqueJobs[J]["params"],
    remoteAddress: string,
  ): Promise<OpaqueJobs[J]["result"]>;
}

export interface OpaquePoolOptions {
  keys: OpaqueServerKeys;
  /** Threads (default 2). */
  workers?: number;
  /** Jobs that may wait for a thread (default 64: some seconds of two threads). */
  maxWaiting?: number;
}

interface Job {
  request: WorkerRequest;
  resolve(result: never): void;
  reject(error: Error): void;
}

interface Thread {
  /** Undefined before the first job, and after a failure until the next job. */
  worker: Worker | undefined;
  job: Job | undefined;
}

/** Rough time of one job on one thread of a busy machine: the advice to callers that find the queue full. */
const jobMs = 150;

/** OPAQUE in worker threads, because no other call needs as much time of a core (docs/decisions/007). */
export class OpaquePool implements Opaque {
  readonly #keys: OpaqueServerKeys;
  readonly #threads: Thread[];
  readonly #waiting: FairQueue<Job>;
  #closed = false;
  /** Jobs finished so far, by name: for metrics. */
  readonly finished: Record<OpaqueJobName, number> = { respondToRegistration: 0, checkRecord: 0, respondToLogin: 0 };

  constructor({ keys, workers = 2, maxWaiting = 64 }: OpaquePoolOptions) {
    this.#keys = keys;
    this.#waiting = new FairQueue(maxWaiting);
    this.#threads = Array.from({ length: workers }, () => ({ worker: undefined, job: undefined }));
  }

  run<J extends OpaqueJobName>(
    job: J,
    params: OpaqueJobs[J]["params"],
    remoteAddress: string,
  ): Promise<OpaqueJobs[J]["result"]> {
    if (this.#closed) return Promise.reject(new Error("the OPAQUE pool is closed"));
    const idle = this.#threads.find((thread) => !thread.job);
    return new Promise((resolve, reject) => {
      const queued: Job = { request: { job, params } as WorkerRequest, resolve, reject };
      if (idle) this.#give(idle, queued);
      else this.#refuse(this.#waiting.push(queued, remoteAddress));
    });
  }

  /** Ends the threads. Waiting and running jobs are rejected. */
  close(): void {
    this.#closed = true;
    for (const thread of this.#threads) {
      thread.worker?.terminate();
      thread.job?.reject(new Error("the OPAQUE pool is closed"));
    }
    for (const job of this.#waiting.drain()) job.reject(new Error("the OPAQUE pool is closed"));
  }

  /** @param job gave way to others; undefined: none did */
  #refuse(job: Job | undefined): void {
    const retryAfterMs = Math.ceil((this.#waiting.length * jobMs) / this.#threads.length);
    job?.reject(new WireError(ErrorCode.rateLimited, "too many sign-ins at once", retryAfterMs));
  }

  #start(thread: Thread): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "opaque" });
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => this.#answered(thread, data);
    worker.onerror = (event) => {
      // An error outside of a job would otherwise end the process.
      event.preventDefault();
      worker.terminate();
      thread.worker = undefined;
      const lost = thread.job;
      thread.job = undefined;
      lost?.reject(new Error(`an OPAQUE thread failed: ${event.message}`));
      if (!this.#closed) this.#next(thread);
    };
    worker.postMessage({ keys: this.#keys } satisfies WorkerRequest);
    return worker;
  }

  #give(thread: Thread, job: Job): void {
    thread.job = job;
    thread.worker ??= this.#start(thread);
    thread.worker.postMessage(job.request);
  }

  #next(thread: Thread): void {
    const job = this.#waiting.shift();
    if (job) this.#give(thread, job);
  }

  #answered(thread: Thread, answer: WorkerAnswer): void {
    const job = thread.job!;
    thread.job = undefined;
    if ("result" in answer) {
      if ("job" in job.request) this.finished[job.request.job]++;
      job.resolve(answer.result as never);
    } else {
      job.reject(answer.malformed ? new MalformedError(answer.error) : new Error(answer.error));
    }
    this.#next(thread);
  }
}
