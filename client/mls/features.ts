/**
 * What the version of a device understands beyond the first one, as its leaf says (specification §2.4,
 * docs/decisions/050-old-and-new-builds.md). A group uses a feature once every leaf in it names that feature.
 */

import type { Extension, LeafNode } from "ts-mls";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { recordOf, textOf } from "../../schema/shape.ts";

/**
 * In a leaf node: the list of features. In a GroupContext the same code is the group's information. No leaf of an
 * earlier version carries it there, and each has declared the code in its capabilities, which never change (GRP-3.2).
 */
export const featuresType = 0xf0a1;

/**
 * - `attachments`: files (specification §7.7)
 * - `changes`: reactions, edits and deletes
 * - `group-data`: the field `data` of the group's information, with the timer of messages (specification §3.9)
 * - `polls`: polls, votes and ends of polls
 * - `profiles`: what people show of themselves
 * - `receipts`: what was received and read
 */
export type Feature = "attachments" | "changes" | "group-data" | "polls" | "profiles" | "receipts";

/** What this version understands. A leaf that names anything else is renewed (membership/leaf_renewal.ts). */
export const ownFeatures: readonly Feature[] = [
  "attachments",
  "changes",
  "group-data",
  "polls",
  "profiles",
  "receipts",
];

/** How many features a leaf may name, and the length of a name in UTF-16 units. A leaf that goes beyond names none. */
const maxFeatures = 64;
const maxNameLength = 32;

/** @returns the leaf-node extension that names the features of this version */
export function featuresExtension(features: readonly string[] = ownFeatures): Extension {
  return { extensionType: featuresType, extensionData: encodeCbor({ v: 1, features: [...features] }) };
}

/** @returns the names that a leaf lists, sorted; none where it has no list, or one that is malformed */
export function featuresOf(leaf: LeafNode): string[] {
  const found = leaf.extensions.filter(({ extensionType }) => extensionType === featuresType);
  if (found.length !== 1) return [];
  try {
    const { v, features } = recordOf(decodeCbor(found[0].extensionData), ["v", "features"], "features");
    if (v !== 1 || !Array.isArray(features) || features.length > maxFeatures) return [];
    return [...new Set(features.map((name) => textOf(name, maxNameLength, "feature")))].sort();
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

/** @returns the leaf's extensions with the list of this version in place of an older one */
export function withOwnFeatures(extensions: Extension[]): Extension[] {
  return [...extensions.filter(({ extensionType }) => extensionType !== featuresType), featuresExtension()];
}

/** @returns the features that all of these devices name, sorted; none without a device */
export function commonFeatures(devices: readonly { features: readonly string[] }[]): string[] {
  const [first, ...others] = devices;
  return (first?.features ?? []).filter((name) => others.every(({ features }) => features.includes(name)));
}

/** @returns whether a leaf that names these needs no renewal for its list alone */
export function isOwnList(features: readonly string[]): boolean {
  return features.join() === [...ownFeatures].sort().join();
}
