/** The delivery service's store: channels, queues, bodies, the records of blobs (specification §4). */

import type { Bytes } from "../../schema/bytes.ts";
import type { Entry } from "../../schema/rpc/methods.ts";

/** An entry as a queue gives it. `body` is empty when it is over 64 KiB, and `bodyPiece` gives it. */
export type StoredEntry = Entry;

/** A stored entry of one device, for live delivery. */
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

/** A message of {@link DeliveryStore.publishInOrder}. */
export type OrderedMessage = Omit<PublishArgs, "sender" | "channelId">;

/** The answer to a message that is stored. */
export interface Published {
  receivedMs: number;
  /**
   * Its place in the channel: rising with each message and commit of the channel, also when the clock goes back, and
   * below 2^53. It says the order and no time.
   */
  place: number;
  /** Empty for a repeat. */
  queued: Queued[];
}

/** The answer to one message of {@link DeliveryStore.publishInOrder}; `code` 0: it is stored. */
export type OrderedAnswer = ({ code: 0 } & Published) | { code: number; receivedMs: 0; place: 0 };

export interface CommitHead {
  /** 32 bytes: the calling device. */
  sender: Bytes;
  /** 32 bytes. */
  channelId: Bytes;
  /** The epoch before the commit. */
  epoch: number;
  /** 16 bytes. */
  commitId: Bytes;
  /**
   * 32 bytes: SHA-256 over every parameter of the call; two calls with one id are the same iff it is equal.
   */
  contentHash: Bytes;
}

export interface CommitArgs extends CommitHead {
  /** recipientKeys, 32 bytes each. */
  removed: Bytes[];
  added: Bytes[];
  commit: Bytes;
  /** Empty iff no device is added. */
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

export interface AccountChannels {
  version: number;
  /** recipientKeys, 32 bytes each. */
  own: Bytes[];
  channels: { channelId: Bytes; devices: { recipientKey: Bytes; own: boolean }[] }[];
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
 * Every method is one transaction. It rejects with WireError for the codes that it names, checked in that
 * order, and with StorageError for a failure of the engine. Then nothing was changed. A repeated call (same
 * ids) gets its first answer. Times are those of the store's clock, ms since the Unix epoch.
 */
export interface DeliveryStore {
  /**
   * Makes a channel at epoch 0 whose only member is `creator`. E003 the id is another's, E032 too many: 1,000 of a
   * device, 2,000 of an account, 2,000 of an account in 24 h.
   */
  createChannel(args: { creator: Bytes; channelId: Bytes }): Promise<void>;
  /** Gives the members in the order of their keys. E016; a revoked device is answered like a stranger. */
  channelState(args: { member: Bytes; channelId: Bytes }): Promise<{ epoch: number; members: Bytes[] }>;
  /**
   * Gives the version of an account's list, its enrolled devices, and its channels with the member devices that take
   * entries: those of the newest channels, `most` devices in all. `own`: the device is one of the account.
   */
  accountChannels(args: { accountKey: Bytes; most: number }): Promise<AccountChannels>;
  /**
   * The checks that need no body. Returns the answer when the same commit was accepted before. E016, E014
   * (id reused), E017, E015.
   */
  checkCommit(args: CommitHead): Promise<{ n: number; place: number } | undefined>;
  /**
   * Compare-and-set on the channel's epoch. E016, E014 (id reused), E017, E015, E014 (members, headers or
   * Welcome do not fit), E012 (an added device is not enrolled), E032 (too much of the sender's account waits
   * for an added device, or for the sender itself). A member for which too much waits is left out, and sees a
   * missing commit. The commit has a place as a message has ({@link Published}), and all entries that come of it
   * have that one.
   */
  commit(args: CommitArgs): Promise<{ n: number; place: number; queued: Queued[] }>;
  /**
   * Queues a message for every member but the sender, in one order for all of them. E016, E014 (id reused),
   * E017, E015.
   */
  publish(args: PublishArgs): Promise<Published>;
  /**
   * Publishes messages of one sender in their order, each judged as by {@link publish}. Behind a refused one (E014,
   * E017, E015 as its answer) nothing is stored: the answers end before the first that would have been. E016.
   */
  publishInOrder(
    args: { sender: Bytes; channelId: Bytes; messages: OrderedMessage[] },
  ): Promise<OrderedAnswer[]>;
  /** The devices that get an ephemeral message; stores nothing. E016, E017, E015. */
  ephemeralRecipients(args: { sender: Bytes; channelId: Bytes; epoch: number }): Promise<Bytes[]>;
  /** Queues a payload for one device. E016, E012, E014 (id reused), E013. */
  enqueue(args: EnqueueArgs): Promise<{ receivedMs: number; queued: Queued[] }>;
  /**
   * Entries with seq > after, in order, at most `limit` and about 192 KiB, but at least one if there is any.
   * A device may have seen a higher number than its queue ever had, because the server was restored. Then its
   * waiting entries get new numbers behind `after`, once in ten minutes (else E005; with 1,000 or more of them once for
   * all devices of the account). E003 for a revoked device, E018
   * for an `after` that is more than 2^33 above the highest number given to the queue and above nowMs × 1,024.
   */
  fetch(args: FetchArgs): Promise<StoredEntry[]>;
  /**
   * Deletes entries with seq ≤ upTo, and notes the highest epoch that the device has seen (E017). E018 where the queue
   * has not come to that number: then nothing is deleted, because the device has not read what waits. At most 500
   * entries a call, the first ones; `more`: there are others, for another call.
   */
  ack(args: { recipientKey: Bytes; upTo: number }): Promise<{ more: boolean }>;
  /** Acknowledges as `ack` does, for exactly these entries. */
  ackEntries(args: { recipientKey: Bytes; seqs: number[] }): Promise<void>;
  /** Piece `index` (64 KiB each) of a waiting entry's body; undefined after the last. E012. */
  bodyPiece(args: { recipientKey: Bytes; seq: number; index: number }): Promise<Bytes | undefined>;
  /**
   * Asks whether an account may store `length` bytes more, and one blob more (5,000 at most). If the blob is stored
   * already, it is also the account's from now on, and its expiry is returned. E014 (stored with another length), E032.
   */
  reserveBlob(args: BlobArgs): Promise<{ expiresMs: number } | undefined>;
  /** Records a blob whose file is in place. E032. */
  storeBlob(args: BlobArgs): Promise<{ expiresMs: number }>;
  /** E031. */
  blobLength(args: { sha256: Bytes }): Promise<number>;
  /**
   * Deletes expired blobs, at most 1,000 a call. Returns the blobs whose files have to be removed.
   */
  purge(): Promise<{ blobs: Bytes[]; more: boolean }>;
  /**
   * Drops entries that have waited for `ageMs`: messages leave a gap, device messages do not; commits and
   * Welcomes stay. Forgets what their devices sent more than 30 days ago, but of each device the newest 64, and what is
   * behind its newest 20,000; of a revoked device all. At most 1,000 queues, 1,000 entries and 1,000 ids a call, and
   * no more of them where many rows are read to find nothing.
   * `after` is 0, or the result of the call before; undefined means that no queue is left.
   */
  purgeQueues(args: { ageMs: number; after: number }): Promise<{ after: number | undefined }>;
  /**
   * Forgets commits that are more than 100 epochs behind their channel, unless an entry of them waits for a device; and
   * of a channel whose members are all revoked everything but its id. Bounded and repeated like `purgeQueues`.
   */
  purgeChannels(args: { after: number }): Promise<{ after: number | undefined }>;
  /** The number of messages in all queues together, and their bytes. */
  queueTotals(): Promise<{ waiting: number; waitingBytes: number }>;
  /**
   * `restoredMs`: the time of the latest restore from a backup. `newestMs`: the time of the backup's newest
   * message (0: none). With several restores up to 90 days before the latest one, it is the oldest of these
   * times, because a device may have been away since. Both in ms since the Unix epoch. Undefined: there was
   * no restore.
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
  /** 32 bytes: the account whose quota it uses. */
  accountKey: Bytes;
  /** The account's limit in bytes. */
  quota: number;
  /** Time to live in ms. */
  ttlMs: number;
  /** Other blobs of the account that are being uploaded now: they count as if they were stored. Default: none. */
  underWay?: { files: number; bytes: number };
}
