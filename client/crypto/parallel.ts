/**
 * Spreads public-key operations for many members over threads: header encapsulations, seals of path and Welcome
 * secrets, signature checks. A job depends only on its inputs, so any thread can run it. Without threads, and for few
 * jobs, everything runs in the caller's thread.
 */

import type { Bytes } from "../../schema/bytes.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { hpkeSeal, type HpkeSealed } from "./hpke.ts";
import { xwing, type XWingEncapsulation } from "./xwing.ts";

interface Kinds {
  /** X-Wing: public key 1,216 bytes; undefined for a key that is not usable. */
  encapsulate: { job: { publicKey: Uint8Array }; result: XWingEncapsulation | undefined };
  /**
   * HPKE base mode; undefined for a key that is not usable. `infoHash` replaces `info`, which may be
   * megabytes long and is the same for all jobs.
   */
  hpkeSeal: {
    job: { publicKey: Uint8Array; infoHash: Bytes; aad: Uint8Array; plaintext: Uint8Array };
    result: HpkeSealed | undefined;
  };
  /** Ed25519. */
  verify: { job: { publicKey: Uint8Array; signature: Uint8Array; message: Uint8Array }; result: boolean };
}

export type CryptoJob = { [K in keyof Kinds]: { kind: K } & Kinds[K]["job"] }[keyof Kinds];
export type CryptoResult = Kinds[keyof Kinds]["result"];

/** The interface of the threads; the caller provides them. */
export interface CryptoThreads {
  /** How many jobs run at once. */
  readonly count: number;
  /** @returns the results in the order of the jobs; rejects when a thread is broken */
  run(jobs: CryptoJob[]): Promise<CryptoResult[]>;
}

/** Fewer jobs than this run faster in the caller's thread. */
export const fewestJobs = 16;
/** Jobs that a thread gets at once: few enough that all threads end at about the same time. */
const shareSize = 25;

let threads: CryptoThreads | undefined;
let gathered: { job: CryptoJob; resolve: (result: CryptoResult) => void; reject: (error: unknown) => void }[] = [];

/** Sets the threads for further jobs; `undefined` runs them in the caller's thread. */
export function useCryptoThreads(given: CryptoThreads | undefined): void {
  threads = given;
}

/** Runs one job in the caller's thread. */
export async function runJob(job: CryptoJob): Promise<CryptoResult> {
  switch (job.kind) {
    case "encapsulate":
      return await (await xwing()).encapsulate(job.publicKey);
    case "hpkeSeal":
      return await hpkeSeal(job.publicKey, job.infoHash, job.aad, job.plaintext).catch((error) => {
        if (error instanceof RangeError) return undefined;
        throw error;
      });
    case "verify":
      return await verifyEd25519(job.publicKey, job.signature, job.message);
  }
}

/**
 * Queues a job. It runs together with the jobs that are queued in the same task (`Promise.all` over the members).
 *
 * @returns its result, which does not depend on the threads
 */
export function spread<K extends keyof Kinds>(job: { kind: K } & Kinds[K]["job"]): Promise<Kinds[K]["result"]> {
  if (!threads) return runJob(job as CryptoJob);
  return new Promise((resolve, reject) => {
    gathered.push({ job: job as CryptoJob, resolve, reject });
    if (gathered.length === 1) void gather();
  });
}

/** Waits while more jobs are queued without a pause, then passes all of them on. */
async function gather(): Promise<void> {
  for (let seen = 0; seen !== gathered.length;) {
    seen = gathered.length;
    for (let turn = 0; turn < 8; turn++) await undefined;
  }
  const waiting = gathered;
  gathered = [];
  const here = (some: typeof waiting) => {
    for (const { job, resolve, reject } of some) runJob(job).then(resolve, reject);
  };
  if (!threads || waiting.length < fewestJobs) return here(waiting);
  const size = Math.min(shareSize, Math.ceil(waiting.length / threads.count));
  for (let start = 0; start < waiting.length; start += size) {
    const share = waiting.slice(start, start + size);
    // A broken thread only costs time: its jobs run here.
    threads.run(share.map(({ job }) => job)).then(
      (results) => share.forEach(({ resolve }, index) => resolve(results[index])),
      () => here(share),
    );
  }
}
