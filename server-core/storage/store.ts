/**
 * The seam between the core and its database. Every call is a whole domain operation: it is atomic, and its
 * promise resolves only after its effects would survive a power cut. What an engine must do is written in
 * docs/decisions/025 and tested by `contract/`.
 */

import type { AccountStore } from "./account_store.ts";
import type { DeliveryStore } from "./delivery_store.ts";

export interface Store {
  /** The authentication service's part. */
  accounts: AccountStore;
  /** The delivery service's part. */
  delivery: DeliveryStore;
  /** Operations that were asked for and that the engine has not taken up yet. */
  readonly waiting: number;
  /** @returns the bytes that the data takes where the engine keeps it; attachments are not in it */
  storedBytes(): Promise<number>;
  /**
   * Finishes what was asked for before, then closes. Later operations reject with StorageError. Idempotent.
   */
  close(): Promise<void>;
}

/** Clock and callbacks that the server gives an engine. */
export interface StoreOptions {
  /** The clock of all operations, ms since the Unix epoch. Default: the system's. */
  now?: () => number;
  /** Called when the engine has ended for good: nothing can be stored from then on. */
  onDead?: (error: Error) => void;
  /** Called after each durable write with its duration in ms and the number of operations that shared it. */
  onCommitted?: (commitMs: number, operations: number) => void;
}
