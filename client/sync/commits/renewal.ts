/**
 * When a device renews its own leaf (specification §3.6, GRP-6.3 and GRP-6.4). Pure decisions; leaf_renewal.ts
 * in membership/ acts.
 */

import { isOwnList } from "../../mls/group.ts";
import type { ConversationRecord } from "../conversation/records.ts";

/** Own messages since the own leaf was made, after which the device renews it. */
export const renewAfterMessages = 150;

/** The age of the own leaf, in ms, after which the device renews it: 7 days. Longer in a group of many devices. */
export const renewAfterMs = 7 * 24 * 3_600_000;

/** The pause between two renewals in a channel, in ms: 10 minutes. */
export const renewalSpacingMs = 600_000;

/** The sizes, where a test replaces them. */
export interface RenewalSizes {
  readonly renewAfterMessages?: number;
  readonly renewalSpacingMs?: number;
}

/** What the decision depends on. Times are in ms by the server's clock, as this device knows it. */
export interface RenewalFacts extends Pick<ConversationRecord, "ownSent" | "epochSinceMs"> {
  leafSinceMs: number;
  /** Devices in the group. */
  devices: number;
  /** This device's part of a pause, in [0, 1): see {@link renewalPart}. */
  part: number;
  /** The own leaf names other features than this version has: it was made by another one. */
  isOfOtherVersion?: boolean;
}

/** @returns the age of a leaf, in ms, at which it is due: so high that each of the devices gets its turn */
export function renewalAgeMs(devices: number, spacingMs: number = renewalSpacingMs): number {
  return Math.max(renewAfterMs, devices * spacingMs);
}

/**
 * A number in [0, 1) that differs between the devices of a channel and does not change. So devices that were
 * added together renew one after another, and a restart does not begin the wait anew.
 */
export function renewalPart(recipientKey: Uint8Array, channelId: Uint8Array): number {
  return [0, 1, 2, 3].reduce((part, index) => (part + (recipientKey[index] ^ channelId[index])) / 256, 0);
}

/**
 * After an update all devices of a group renew their leaves, once each. This is the time, in ms, over which they
 * spread: so much for each device, and an hour at most. No pause lies between these renewals.
 */
export const updateSpreadMs = 10_000;
const longestUpdateSpreadMs = 3_600_000;

/**
 * @returns the time, in ms, from which the device may renew its leaf. After the last commit in the channel it
 *   leaves room for the renewals of others, for one further age of its leaf at most: nobody can put it off for ever
 */
export function renewalAtMs(
  { leafSinceMs, ownSent, epochSinceMs, devices, part, isOfOtherVersion }: RenewalFacts,
  sizes: RenewalSizes = {},
): number {
  if (isOfOtherVersion) return epochSinceMs + part * Math.min(devices * updateSpreadMs, longestUpdateSpreadMs);
  const { renewAfterMessages: mostMessages = renewAfterMessages, renewalSpacingMs: spacingMs = renewalSpacingMs } =
    sizes;
  const ageMs = renewalAgeMs(devices, spacingMs);
  const dueMs = ownSent >= mostMessages ? leafSinceMs : leafSinceMs + ageMs + part * spacingMs;
  const turnMs = epochSinceMs + (1 + part) * spacingMs;
  return Math.max(dueMs, Math.min(turnMs, leafSinceMs + 2 * ageMs));
}

/**
 * @param members of the group as it is now
 * @returns whether the device may renew its leaf now; false where it is not known how old the leaf is, and alone
 */
export function isRenewalDue(
  { leafSinceMs, ownSent, epochSinceMs, channelId, ownFeatures = [] }: Readonly<ConversationRecord>,
  members: readonly unknown[],
  recipientKey: Uint8Array,
  nowMs: number,
  sizes: RenewalSizes = {},
): boolean {
  // Alone there is nobody from whom the group would have to be healed.
  if (leafSinceMs === undefined || members.length < 2) return false;
  const part = renewalPart(recipientKey, channelId);
  const isOfOtherVersion = !isOwnList(ownFeatures);
  const facts = { leafSinceMs, ownSent, epochSinceMs, devices: members.length, part, isOfOtherVersion };
  return renewalAtMs(facts, sizes) <= nowMs;
}
