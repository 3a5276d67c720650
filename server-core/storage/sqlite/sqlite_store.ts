/**
 * The SQLite engine of {@link Store}: hands operations to the storage thread in batches, each of which is one
 * transaction (group commit).
 */

import { WireError } from "../../../schema/rpc/errors.ts";
import type { AccountStore } from "../account_store.ts";
import type { DeliveryStore } from "../delivery_store.ts";
import type { Store } from "../store.ts";
import { accountOperations } from "./accounts/operations.ts";
import type { Outcome, Request } from "./batch.ts";
import { deliveryOperations } from "./delivery/operations.ts";
import { StorageFormatError } from "../errors.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** An operation failed for a reason of ours (E050). */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

export interface SqliteStoreOptions {
  /** Directory of `qpq.db`; made if missing. */
  dataDir: string;
  /** SQLCipher passphrase; absent: not encrypted. */
  key?: string;
  /** The clock of all operations, ms since the Unix epoch. */
  now?: () => number;
  /** Told when the storage thread died: nothing can be stored from then on. */
  onDead?: (error: Error) => void;
  /** Told of every transaction: how long its commit took with the fsync, ms, and how many operations shared it. */
  onCommitted?: (commitMs: number, operations: number) => void;
}

/**
 * A batch is one transaction: long enough to share an fsync among all that wait, short enough to answer the
 * first of them soon.
 */
const maxBatch = 512;

/**
 * Opens or makes the database and starts its thread.
 *
 * @throws StorageFormatError when the directory holds something that is not ours, of another format, or under
 *   another key; it is then untouched
 */
export async function openSqliteStore(
  { dataDir, key, now = Date.now, onDead, onCommitted }: SqliteStoreOptions,
): Promise<Store> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const thread = new StorageThread(onDead);
  const opened = await thread.tell({ kind: "open", options: { dataDir, key } });
  if (opened.kind === "notOpened") {
    thread.end();
    throw opened.format
      ? new StorageFormatError(opened.message)
      : new StorageError(`${dataDir}/qpq.db: ${opened.message}`);
  }
  const batcher = new Batcher(thread, onCommitted);
  const proxy = <S>(domain: string, operations: Record<keyof S, unknown>): S =>
    Object.fromEntries(
      Object.keys(operations).map((
        name,
      ) => [name, (args: unknown) => batcher.add({ domain, name, args, nowMs: now() })]),
    ) as S;
  return {
    accounts: proxy<AccountStore>("accounts", accountOperations),
    delivery: proxy<DeliveryStore>("delivery", deliveryOperations),
    get waiting() {
      return batcher.waiting;
    },
    close: () => batcher.close(),
  };
}

interface Waiting {
  request: Request;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Sends a batch, and while it is on its way to the disk gathers the next. */
class Batcher {
  #waiting: Waiting[] = [];
  #running?: Promise<void>;
  #closed = false;
  readonly #thread: StorageThread;
  readonly #onCommitted: SqliteStoreOptions["onCommitted"];

  constructor(thread: StorageThread, onCommitted: SqliteStoreOptions["onCommitted"]) {
    this.#thread = thread;
    this.#onCommitted = onCommitted;
  }

  /** Operations that no transaction has taken up yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

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
    await this.#thread.tell({ kind: "close" });
    this.#thread.end();
  }

  async #run(): Promise<void> {
    // Calls made in the same turn of the event loop share the first batch, too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      try {
        const answer = await this.#thread.tell({ kind: "batch", requests: batch.map(({ request }) => request) });
        if (answer.kind !== "outcomes") throw new StorageError(`unexpected answer ${answer.kind}`);
        if (answer.commitMs !== undefined) this.#onCommitted?.(answer.commitMs, batch.length);
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

/** The worker, asked one thing at a time. */
class StorageThread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "storage" });
  #answer?: PromiseWithResolvers<FromWorker>;
  #dead?: Error;

  constructor(onDead?: (error: Error) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
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

  tell(message: ToWorker): Promise<FromWorker> {
    if (this.#dead) return Promise.reject(this.#dead);
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(message);
    return this.#answer.promise;
  }

  end(): void {
    this.#worker.terminate();
  }
}
