/** The storage thread: owns the database, so that fsync never stalls the event loop that serves connections. */

import { accountOperations } from "./accounts/operations.ts";
import { type OperationTable, type Outcome, type Request, runBatch } from "./batch.ts";
import type { Database } from "./database.ts";
import { deliveryOperations } from "./delivery/operations.ts";
import { openDatabase, type OpenOptions } from "./open.ts";
import { StorageFormatError } from "../errors.ts";

/** What the storage thread is told. */
export type ToWorker = { kind: "open"; options: OpenOptions } | { kind: "batch"; requests: Request[] } | {
  kind: "close";
};

/** What it answers; exactly one answer each. */
export type FromWorker = { kind: "opened" } | { kind: "notOpened"; message: string; format: boolean } | {
  kind: "outcomes";
  outcomes: Outcome[];
  commitMs?: number;
} | { kind: "closed" };

const operations: OperationTable = { accounts: accountOperations, delivery: deliveryOperations };
const scope = self as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker): void;
};
let db: Database | undefined;

scope.onmessage = ({ data }) => scope.postMessage(answer(data));

function answer(message: ToWorker): FromWorker {
  switch (message.kind) {
    case "open":
      try {
        db = openDatabase(message.options);
        return { kind: "opened" };
      } catch (error) {
        return { kind: "notOpened", message: (error as Error).message, format: error instanceof StorageFormatError };
      }
    case "batch": {
      let commitMs: number | undefined;
      const outcomes = runBatch(db!, operations, message.requests, (ms) => commitMs = ms);
      return { kind: "outcomes", outcomes, commitMs };
    }
    case "close":
      db?.close();
      return { kind: "closed" };
  }
}
