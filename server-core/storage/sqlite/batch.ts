/** Group commit: many operations, one transaction, one fsync. */

import { MalformedError } from "../../../schema/malformed_error.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import type { Database } from "./database.ts";
import type { Operation } from "./operation.ts";

/** One requested operation. */
export interface Request {
  domain: string;
  name: string;
  args: unknown;
  nowMs: number;
}

/** Its outcome, in a form that crosses threads. */
export type Outcome =
  | { kind: "done"; value: unknown }
  | { kind: "refused"; code: number; reason: string; retryAfterMs: number }
  | { kind: "failed"; message: string };

// deno-lint-ignore no-explicit-any
export type OperationTable = Record<string, Record<string, Operation<any, unknown>>>;

/** Advice to a caller while the disk is full. */
const diskFullRetryMs = 60_000;

/**
 * Runs all requests in one transaction, each in its own savepoint, and returns only when the transaction is
 * on disk. A request that throws undoes only its own writes. When the commit itself fails (an I/O error), nothing of
 * the batch is kept and every request has failed. When the disk is full, each request gets a transaction of its own,
 * so that those that delete go through beside those that store; the others are refused (E032).
 *
 * @param onCommitted called with the duration of the commit with its fsync, in ms
 * @returns one outcome for each request, in their order
 */
export function runBatch(
  db: Database,
  operations: OperationTable,
  requests: Request[],
  onCommitted?: (commitMs: number) => void,
): Outcome[] {
  try {
    db.exec("BEGIN IMMEDIATE");
    const outcomes = requests.map((request) => runOne(db, operations, request));
    const startedMs = performance.now();
    db.exec("COMMIT");
    onCommitted?.(performance.now() - startedMs);
    return outcomes;
  } catch (error) {
    if (db.inTransaction) db.exec("ROLLBACK");
    if (isDiskFull(error) && requests.length > 1) {
      return requests.flatMap((request) => runBatch(db, operations, [request], onCommitted));
    }
    const failed = outcomeOf(error);
    if (isDiskFull(error)) return [failed];
    return requests.map(() => failed.kind === "refused" ? { kind: "failed", message: failed.reason } : failed);
  }
}

function runOne(db: Database, operations: OperationTable, { domain, name, args, nowMs }: Request): Outcome {
  const operation = operations[domain]?.[name];
  if (!operation) return { kind: "failed", message: `no operation ${domain}.${name}` };
  db.run("SAVEPOINT operation");
  try {
    const value = operation(db, args, { nowMs });
    db.run("RELEASE operation");
    return { kind: "done", value };
  } catch (error) {
    // Some errors (SQLITE_FULL, SQLITE_IOERR) end the whole transaction. Then the batch can not continue.
    if (!db.inTransaction) throw error;
    db.run("ROLLBACK TO operation");
    db.run("RELEASE operation");
    return outcomeOf(error);
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof WireError) {
    return { kind: "refused", code: error.code, reason: error.reason, retryAfterMs: error.retryAfterMs };
  }
  if (isDiskFull(error)) {
    const { quotaExceeded } = ErrorCode;
    return { kind: "refused", code: quotaExceeded, reason: "the server's disk is full", retryAfterMs: diskFullRetryMs };
  }
  if (error instanceof MalformedError) {
    return { kind: "refused", code: ErrorCode.malformed, reason: error.message, retryAfterMs: 0 };
  }
  return { kind: "failed", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

/** https://www.sqlite.org/rescode.html#full: no space left on the disk, or the file has its largest size. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && (error as { code?: string }).code === "SQLITE_FULL";
}
