/**
 * Durable state, as whole domain operations: each is atomic, and its promise resolves only after its effects
 * would survive a power cut.
 */

import type { AccountStore } from "./account_store.ts";
import type { DeliveryStore } from "./delivery_store.ts";

export interface Store {
  /** What the authentication service keeps. */
  accounts: AccountStore;
  /** What the delivery service keeps. */
  delivery: DeliveryStore;
  /** Operations that wait for the disk right now. */
  readonly waiting: number;
  /** Finishes what was asked for before, then closes. Later operations are rejected. */
  close(): Promise<void>;
}
