/**
 * The shape of a storage operation of the SQLite engine: a plain synchronous function inside of a
 * transaction.
 */

import type { Database } from "./database.ts";

export interface OperationContext {
  /** The server's clock at the time of the call, ms since the Unix epoch. */
  nowMs: number;
}

/**
 * One operation. It runs in the storage thread, in a savepoint of its own: what it throws undoes all that it
 * wrote, and nothing else. A WireError reaches the caller with code, reason and advice; any other error
 * reaches it as an error of ours (E050).
 *
 * @param args plain data that structured clone can carry
 * @returns plain data likewise
 */
export type Operation<A, R> = (db: Database, args: A, context: OperationContext) => R;

/** The operations behind a store interface: for each `name(args): Promise<R>` an `Operation<args, R>`. */
export type Operations<S> = {
  [K in keyof S]: S[K] extends () => Promise<infer R> ? Operation<undefined, R>
    : S[K] extends (args: infer A) => Promise<infer R> ? Operation<A, R>
    : never;
};
