/**
 * The interface between the core and its database. Every call is a whole domain operation. It is atomic, and
 * its promise resolves only after its effects would survive a power cut. docs/decisions/025 defines the
 * duties of an engine, and `contract/` tests them.
 */

import type { AccountStore } from "./account_store.ts";
import type { ClockStore } from "./clock_store.ts";
import type { DeliveryStore } from "./delivery_store.ts";

export interface Store {
  /** The authentication service's part. */
  accounts: AccountStore;
  /** The delivery service's part. */
  delivery: DeliveryStore;
  /** The trusted time. */
  clock: ClockStore;
  /** Requested operations that the engine has not started yet. */
  readonly waiting: number;
  /** @returns the bytes of the data in the engine, without attachments */
  storedBytes(): Promise<number>;
  /** Finishes all earlier operations, then closes. Later operations reject with StorageError. Idempotent. */
  close(): Promise<void>;
}

/** Clock and callbacks that the server gives an engine. */
export interface StoreOptions {
  /** The clock of all operations, ms since the Unix epoch. Default: the system's. */
  now?: () => number;
  /** Called when the engine has ended for good: nothing can be stored any more. */
  onDead?: (error: Error) => void;
  /** Called after each durable write with its duration in ms and the number of operations that shared it. */
  onCommitted?: (commitMs: number, operations: number) => void;
  /** Called with the number of entries that devices did not get because their queues have failed. */
  onQueueFailed?: (entries: number) => void;
}
