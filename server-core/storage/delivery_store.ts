/** What the delivery service keeps: channels, queues, bodies, the records of blobs (specification §4). */

import type { Entry } from "../../schema/rpc/methods.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An entry as a queue gives it; `body` is empty when it is over 64 KiB and comes by `bodyPiece`. */
export type StoredEntry = Entry;

/** A stored entry of one device: where to deliver it live. */
export interface Queued {
  /** 32 bytes. */
  recipientKey: Bytes;
  seq: number;
}

export interface PublishArgs {
  /** 32 bytes: the calling device. */
  sender: Bytes;
  /** 32 bytes. */
  channelId: Bytes;
  epoch: number;
  /** 16 bytes. */
  messageId: Bytes;
  envelope: Bytes;
  /** 32 bytes: SHA-256 of the envelope. */
  bodyHash: Bytes;
}

export interface CommitHead {
  /** 32 bytes: the calling device. */
  sender: Bytes;
  /** 32 bytes. */
  channelId: Bytes;
  /** The epoch that the commit leaves. */
  epoch: number;
  /** 16 bytes. */
  commitId: Bytes;
  /** 32 bytes: SHA-256 over every parameter of the call; two calls with one id are the same iff it is equal. */
  contentHash: Bytes;
}

export interface CommitArgs extends CommitHead {
  /** recipientKeys, 32 bytes each. */
  removed: Bytes[];
  added: Bytes[];
  commit: Bytes;
  /** Empty iff nobody is added. */
  welcome: Bytes;
  headers: { recipientKey: Bytes; header: Bytes }[];
}

export interface EnqueueArgs {
  sender: Bytes;
  recipientKey: Bytes;
  channelId: Bytes;
  messageId: Bytes;
  body: Bytes;
  bodyHash: Bytes;
}

export interface FetchArgs {
  recipientKey: Bytes;
  /** 32 bytes, or empty for the whole queue. */
  channelId: Bytes;
  after: number;
  /** 1 to 200. */
  limit: number;
}

/**
 * Every method rejects with WireError for the codes that it names; a call that came before (same ids) is
 * answered as it was.
 */
export interface DeliveryStore {
  /** Makes a channel at epoch 0 whose only member is `creator`. E003 the id is another's, E032 too many. */
  createChannel(args: { creator: Bytes; channelId: Bytes }): Promise<void>;
  /** E016. */
  channelState(args: { member: Bytes; channelId: Bytes }): Promise<{ epoch: number; members: Bytes[] }>;
  /**
   * What can be said before the body is read. Returns n when the same commit was accepted before. E016, E014
   * (id reused), E017, E015.
   */
  checkCommit(args: CommitHead): Promise<{ n: number } | undefined>;
  /**
   * E016, E014 (id reused), E017, E015, E014, E012, E032 (too much of the sender's account waits for an added
   * device).
   */
  commit(args: CommitArgs): Promise<{ n: number; queued: Queued[] }>;
  /** E016, E014 (id reused), E017, E015. `queued` is empty for a repeat. */
  publish(args: PublishArgs): Promise<{ receivedMs: number; queued: Queued[] }>;
  /** Who gets an ephemeral message; stores nothing. E016, E017, E015. */
  ephemeralRecipients(args: { sender: Bytes; channelId: Bytes; epoch: number }): Promise<Bytes[]>;
  /** E016, E012, E014 (id reused), E013. */
  enqueue(args: EnqueueArgs): Promise<{ receivedMs: number; queued: Queued[] }>;
  /**
   * Entries with seq > after, in order, at most `limit` and about 192 KiB, but at least one if there is any.
   * E003 for a dropped device.
   */
  fetch(args: FetchArgs): Promise<StoredEntry[]>;
  /** Deletes entries with seq ≤ upTo. */
  ack(args: { recipientKey: Bytes; upTo: number }): Promise<void>;
  /** Deletes exactly these. */
  ackEntries(args: { recipientKey: Bytes; seqs: number[] }): Promise<void>;
  /** Piece `index` (64 KiB each) of a waiting entry's body; undefined after the last. E012. */
  bodyPiece(args: { recipientKey: Bytes; seq: number; index: number }): Promise<Bytes | undefined>;
  /**
   * Whether an account may store `length` bytes more; extends the life of a blob that it has. Returns its
   * expiry if the blob is there already. E032.
   */
  reserveBlob(args: BlobArgs): Promise<{ expiresMs: number } | undefined>;
  /** Records a blob whose file is in place. E032. */
  storeBlob(args: BlobArgs): Promise<{ expiresMs: number }>;
  /** E031. */
  blobLength(args: { sha256: Bytes }): Promise<number>;
  /**
   * Deletes what is past its time: dedup records after 30 days, expired blobs. Returns the blobs whose files
   * are to go. At most 1,000 of each a call.
   */
  purge(): Promise<{ blobs: Bytes[]; more: boolean }>;
  /**
   * Drops what has waited longer than `ageMs`, of the queues behind `after`: messages leave a gap, direct
   * payloads nothing; commits and Welcomes stay. At most 1,000 queues and 1,000 entries a call. Returns where
   * to go on, or undefined after the last queue.
   */
  purgeQueues(args: { ageMs: number; after: number }): Promise<{ after: number | undefined }>;
  /** What waits in all queues together: messages and their bytes. */
  queueTotals(): Promise<{ waiting: number; waitingBytes: number }>;
  /**
   * When the data was last put in from a backup, and the newest message that the backup had (0: none), ms
   * since the Unix epoch. Where backups were put in before, in the last 90 days, it is the oldest of those
   * times: a device may have been away since. Undefined: never.
   */
  lastRestore(): Promise<Restored | undefined>;
}

export interface Restored {
  restoredMs: number;
  newestMs: number;
}

export interface BlobArgs {
  /** 32 bytes. */
  sha256: Bytes;
  length: number;
  /** 32 bytes: whom it counts for. */
  accountKey: Bytes;
  /** Bytes that an account may hold. */
  quota: number;
  /** Time to live in ms. */
  ttlMs: number;
}
