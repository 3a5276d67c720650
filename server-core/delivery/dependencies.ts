/** The dependencies of the delivery service. */

import type { CallWindow } from "../../server-common/call_window.ts";
import type { TokenBuckets } from "../../server-common/token_bucket.ts";
import type { Caller } from "../caller.ts";
import type { DeliveryStore, Restored } from "../storage/delivery_store.ts";
import type { BlobFiles } from "./blob_files.ts";
import type { BodyBudget } from "./body_budget.ts";
import type { DiskSpace } from "../disk_space.ts";
import type { LiveDevices } from "./live.ts";
import type { PartialBlobs } from "./partial_blobs.ts";
import type { Uploads } from "./uploads.ts";

export interface BlobLimits {
  /** The largest blob, bytes. */
  maxBytes: number;
  /** The limit of one account, bytes. */
  quotaBytes: number;
  /** How long a blob is kept after it was last put, ms. */
  ttlMs: number;
}

export interface DeliveryDependencies {
  store: DeliveryStore;
  live: LiveDevices;
  blobs: BlobFiles;
  /** Uploads that come in parts and are not whole. */
  partials: PartialBlobs;
  blobLimits: BlobLimits;
  /** Uploads under way. */
  uploads: Uploads;
  /** Refuses what would leave too little room on the disk. */
  disk: Pick<DiskSpace, "requireRoom">;
  /** How long a message waits for a device, ms. */
  queueAgeMs: number;
  /** Memory for streamed commits. */
  bodies: BodyBudget;
  /** Additions of a device by an account ({@link additions} of commit.ts). */
  additions: CallWindow;
  /** Commits of an account in a channel ({@link commitRates} of commit.ts). */
  commits: TokenBuckets;
  /**
   * Counts calls of a caller besides the one that it makes. Over its limit, its next call is refused (E005).
   *
   * @throws WireError E005 where calls that it made at the same time have used up its limit
   */
  countCalls(caller: Caller, calls: number): void;
  /** The server's clock, ms since the Unix epoch. */
  now(): number;
  /** Whether the server is shutting down. */
  draining(): boolean;
  /** The newest restore of this data; it does not change while the server runs. */
  restored: Restored | undefined;
  /** Names the build in `health`. */
  build: string;
  /** ms between heartbeats of a quiet subscription. */
  heartbeatMs: number;
}
