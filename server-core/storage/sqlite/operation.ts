/**
 * The shape of a storage operation of the SQLite engine: a plain synchronous function within a transaction.
 */

import type { Database } from "./database.ts";

export interface OperationContext {
  /** The server's clock at the time of the call, ms since the Unix epoch. */
  nowMs: number;
}

/**
 * One operation. It runs in the storage thread, in its own savepoint: when it throws, exactly its own writes
 * are undone. A WireError reaches the caller with code, reason and retryAfterMs. Any other error reaches the
 * caller as E050.
 *
 * @param args plain data that structured clone can copy
 * @returns plain data likewise
 */
export type Operation<A, R> = (db: Database, args: A, context: OperationContext) => R;

/** The operations behind a store interface: for each `name(args): Promise<R>` an `Operation<args, R>`. */
export type Operations<S> = {
  [K in keyof S]: S[K] extends () => Promise<infer R> ? Operation<undefined, R>
    : S[K] extends (args: infer A) => Promise<infer R> ? Operation<A, R>
    : never;
};
