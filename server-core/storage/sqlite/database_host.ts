/**
 * The side that owns the database: it opens it, runs batches on it, and closes it. Runs in the storage
 * thread.
 */

import { accountOperations } from "./accounts/operations.ts";
import { clockOperations } from "./clock.ts";
import { type OperationTable, type Outcome, type Request, runBatch } from "./batch.ts";
import type { Database } from "./database.ts";
import { deliveryOperations } from "./delivery/operations.ts";
import { openDatabase, type OpenOptions } from "./open.ts";
import { StorageFormatError } from "../errors.ts";

/** Requests to the host. */
export type ToHost = { kind: "open"; options: OpenOptions } | { kind: "batch"; requests: Request[] } | {
  kind: "close";
};

/** Answers of the host; exactly one for each request. */
export type FromHost = { kind: "opened" } | { kind: "notOpened"; message: string; format: boolean } | {
  kind: "outcomes";
  outcomes: Outcome[];
  commitMs?: number;
  /** Entries that were left out because their queues have failed. */
  lostEntries: number;
} | { kind: "closed" };

const operations: OperationTable = {
  accounts: accountOperations,
  delivery: deliveryOperations,
  clock: clockOperations,
};

export class DatabaseHost {
  #db: Database | undefined;
  readonly #open: (options: OpenOptions) => Database;

  /** @param open opens the database; tests pass a function that skips the fsync */
  constructor(open: (options: OpenOptions) => Database = openDatabase) {
    this.#open = open;
  }

  answer(message: ToHost): FromHost {
    switch (message.kind) {
      case "open":
        try {
          this.#db = this.#open(message.options);
          return { kind: "opened" };
        } catch (error) {
          return { kind: "notOpened", message: (error as Error).message, format: error instanceof StorageFormatError };
        }
      case "batch": {
        let commitMs: number | undefined;
        const outcomes = runBatch(this.#db!, operations, message.requests, (ms) => commitMs = ms);
        return { kind: "outcomes", outcomes, commitMs, lostEntries: this.#db!.takeLostEntries() };
      }
      case "close":
        this.#db?.close();
        return { kind: "closed" };
    }
  }
}
