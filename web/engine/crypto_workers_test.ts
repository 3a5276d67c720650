import assert from "node:assert/strict";
import { generateEd25519, signEd25519 } from "../../client/crypto/ed25519.ts";
import {
  type CryptoJob,
  type CryptoResult,
  fewestJobs,
  runJob,
  spread,
  useCryptoThreads,
} from "../../client/crypto/parallel.ts";
import { generateXWing } from "../../client/crypto/xwing.ts";
import { CryptoWorkers, type JobWorker } from "./crypto_workers.ts";

/** Does the jobs as a Worker would, but in this thread. */
class InlineWorker implements JobWorker {
  onmessage: JobWorker["onmessage"] = null;
  onerror: JobWorker["onerror"] = null;
  jobs = 0;
  ended = false;
  constructor(private readonly broken = false) {}
  postMessage(jobs: CryptoJob[]): void {
    this.jobs += jobs.length;
    if (this.broken) queueMicrotask(() => this.onerror?.({ message: "no script" } as ErrorEvent));
    else void Promise.all(jobs.map(runJob)).then((data) => this.onmessage?.({ data } as MessageEvent<CryptoResult[]>));
  }
  terminate(): void {
    this.ended = true;
  }
}

async function signatures(count: number) {
  const signer = await generateEd25519();
  return await Promise.all(Array.from({ length: count }, async (_, index) => {
    const message = Uint8Array.of(index);
    const signature = await signEd25519(signer.seed, message);
    // Every third signature is wrong.
    if (index % 3 === 0) signature[5] ^= 1;
    return { kind: "verify", publicKey: signer.publicKey, signature, message } as const;
  }));
}

async function withWorkers(broken: boolean, test: (workers: InlineWorker[]) => Promise<void>): Promise<void> {
  const workers: InlineWorker[] = [];
  const start = () => {
    const worker = new InlineWorker(broken);
    workers.push(worker);
    return worker;
  };
  useCryptoThreads(new CryptoWorkers(start, 2, 20));
  try {
    await test(workers);
  } finally {
    useCryptoThreads(undefined);
  }
}

const expected = (count: number) => Array.from({ length: count }, (_, index) => index % 3 !== 0);

Deno.test("spread() divides many checks among all threads, and returns each result to its caller", () =>
  withWorkers(false, async (workers) => {
    const jobs = await signatures(200);
    assert.deepEqual(await Promise.all(jobs.map((job) => spread(job))), expected(200));
    assert.equal(workers.length, 2);
    assert.ok(workers.every(({ jobs }) => jobs >= 50), "both have had their part");
    const { publicKey } = await generateXWing();
    const sealed = await Promise.all(
      Array.from(
        { length: fewestJobs },
        (_, index) =>
          spread({ kind: "encapsulate", publicKey: index === 3 ? new Uint8Array(1216).fill(255) : publicKey }),
      ),
    );
    assert.deepEqual(sealed.flatMap((one, index) => one === undefined ? [index] : []), [3]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.ok(workers.every(({ ended }) => ended), "idle threads are ended");
  }));

Deno.test("spread() does a few jobs in the caller's thread", () =>
  withWorkers(false, async (workers) => {
    const jobs = await signatures(fewestJobs - 1);
    assert.deepEqual(await Promise.all(jobs.map((job) => spread(job))), expected(fewestJobs - 1));
    assert.equal(workers.length, 0);
  }));

Deno.test("spread() does the work in the caller's thread where Workers can not be started", () =>
  withWorkers(true, async (workers) => {
    const jobs = await signatures(60);
    assert.deepEqual(await Promise.all(jobs.map((job) => spread(job))), expected(60));
    assert.ok(workers.length > 0 && workers.every(({ ended }) => ended));
  }));
