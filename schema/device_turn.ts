/**
 * The order in which devices add another account's new device to a channel (specification §4.11): by a hash that
 * server and clients compute alike, so that one of them goes first, and another one for another channel or list.
 */

import { type Bytes, concat, sha256, u64, utf8 } from "./bytes.ts";

/** What the order depends on. */
export interface Turn {
  /** 32 bytes; empty for the account's own devices, whose order is one for all channels. */
  channelId: Uint8Array;
  /** 32 bytes: the account whose device list has changed. */
  accountKey: Uint8Array;
  /** Of that list. */
  version: number;
  /** 32 bytes: the device whose turn it is. */
  recipientKey: Uint8Array;
}

/** @returns "qpq/1 turn" ‖ channelId ‖ accountKey ‖ u64 version ‖ recipientKey */
export function turnBytes({ channelId, accountKey, version, recipientKey }: Turn): Bytes {
  return concat(utf8("qpq/1 turn"), channelId, accountKey, u64(version), recipientKey);
}

/** @returns SHA-256 of {@link turnBytes}, 32 bytes; the lowest goes first */
export async function turnHash(turn: Turn): Promise<Bytes> {
  return await sha256(turnBytes(turn));
}

/** @returns the hash as a number from 0 up to, and without, 1 */
export function shareOf(hash: Uint8Array): number {
  return hash.slice(0, 6).reduce((value, byte) => value * 256 + byte, 0) / 2 ** 48;
}
