/** The store of what accounts say about whom they want to hear from: settings, invite links, requests, reports. */

import type { Bytes } from "../../schema/bytes.ts";

/** What the devices of an account share beside the vault. */
export interface StoredSettings {
  /** 0: none yet. */
  version: number;
  sealed: Bytes;
  /** Others get the account's KeyPackages by a link's token alone. */
  invitedOnly: boolean;
}

/** An invite link as the server knows it. */
export interface StoredLink {
  /** 32 bytes: the account that made it. */
  accountKey: Bytes;
  /** 1,216 bytes: X-Wing. */
  publicKey: Bytes;
  endMs: number;
}

/** A request that waits for the account that made the link. */
export interface StoredJoinRequest {
  id: number;
  /** 32 bytes. */
  linkHash: Bytes;
  /** 32 bytes: who asks. */
  accountKey: Bytes;
  username: string;
  sealed: Bytes;
  receivedMs: number;
}

/** A part of {@link AccountStore}: the same duties. */
export interface PeopleStore {
  settings(args: { accountKey: Bytes }): Promise<StoredSettings>;
  /** Compare-and-set. Errors: E015. */
  putSettings(
    args: { accountKey: Bytes; expectedVersion: number; sealed: Bytes; invitedOnly: boolean },
  ): Promise<void>;
  /** The own link again changes nothing. Errors: E014 (the hash stands for another link), E032 (50 links). */
  putLink(
    args: { accountKey: Bytes; linkHash: Bytes; publicKey: Bytes; endMs: number; requests: number },
  ): Promise<void>;
  /** Deletes a link of the account with its requests, if there is one. */
  removeLink(args: { accountKey: Bytes; linkHash: Bytes }): Promise<void>;
  /** The link, while it is not over and its account is active. */
  link(args: { linkHash: Bytes }): Promise<StoredLink | undefined>;
  /**
   * Stores a request in the place of an earlier one of the account. Returns the account that made the link, and
   * whether it has something new to read. Errors: E013 (as many have asked as may, 125 wait by the link, or 500 in
   * all), E027.
   */
  requestJoin(
    args: { linkHash: Bytes; accountKey: Bytes; sealed: Bytes },
  ): Promise<{ accountKey: Bytes; isNew: boolean }>;
  /** The oldest of each link before the second oldest of any, up to the limit; these by age, the oldest first. */
  joinRequests(args: { accountKey: Bytes; limit: number }): Promise<StoredJoinRequest[]>;
  /** Unknown ones, and those of other accounts' links, are passed over. */
  endJoinRequests(args: { accountKey: Bytes; ids: number[] }): Promise<void>;
  /** Stores a report for the operator. Errors: E005 (10 of the reporter in 24 h), E012 (no such account). */
  addReport(args: { reporterKey: Bytes; accountKey: Bytes; text: string }): Promise<void>;
}
