/**
 * When this device adds the missing devices of an account to a group (specification §4.11). Only one member should
 * fetch a KeyPackage: each is handed out once, and a member who comes too late has wasted it.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { shareOf, turnHash } from "../../../schema/device_turn.ts";
import type { Member } from "../../mls/group.ts";

/** How long a device has for its turn, from the fetch of the KeyPackage until the others have the commit, in ms. */
export const turnMs = 1_000;
/** The same among devices of one account that nobody gave a turn, in ms. */
const ownStepMs = 500;
/** The longest delay of another account's device that nobody gave a turn, in ms. */
export const longestDelayMs = 10_000;

/** A group, and the account whose devices are missing there. */
export interface MissingFrom {
  /** 32 bytes. */
  channelId: Uint8Array;
  members: Member[];
  /** 32 bytes. */
  accountKey: Uint8Array;
  /** Of the account's newest list. */
  version: number;
  /** 32 bytes: this device. */
  recipientKey: Uint8Array;
}

/**
 * The delay of a device that the server gave no turn: at a connection, and every hour. Nobody knows who else is
 * online. The account's own devices come one after another. Then come the others by an exponential spread of their
 * hashes: however many are online at once, few begin within the time that a commit needs, and the last one within 11 s
 * (Nonnenmacher and Biersack, "Scalable Feedback for Large Groups", 1999). An even spread would let 200 of 2,000
 * members begin in the first second.
 *
 * @returns ms from now
 */
export async function delayWithoutTurnMs(
  { channelId, members, accountKey, version, recipientKey }: MissingFrom,
): Promise<number> {
  const ofAccount = members.filter(({ credential }) => equalBytes(credential.accountKey, accountKey));
  const hashOf = (channelId: Uint8Array, recipientKey: Uint8Array) =>
    turnHash({ channelId, accountKey, version, recipientKey });
  if (ofAccount.some((member) => equalBytes(member.recipientKey, recipientKey))) {
    const none = new Uint8Array();
    const hashes = await Promise.all(ofAccount.map((member) => hashOf(none, member.recipientKey)));
    const own = toHex(await hashOf(none, recipientKey));
    return hashes.filter((hash) => toHex(hash) < own).length * ownStepMs;
  }
  const others = members.length - ofAccount.length;
  return turnMs + spread(shareOf(await hashOf(channelId, recipientKey)), others) * longestDelayMs;
}

/**
 * Spreads an even share exponentially: 0 for a share up to 1 / `count`, and the density rises towards 1.
 *
 * @param share from 0 to 1
 * @returns from 0 to 1
 */
export function spread(share: number, count: number): number {
  if (count < 2 || share * count <= 1) return 0;
  return 1 + Math.log(share) / Math.log(count);
}
