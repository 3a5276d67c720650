/**
 * What admins set for all of a group beside its name: the field `data` of the group's information (specification
 * §3.9, docs/decisions/057-group-data-and-timers.md). It is there only where every leaf names the feature
 * "group-data".
 */

import type { Bytes } from "../../schema/bytes.ts";
import { equalBytes } from "../../schema/bytes.ts";
import { encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, textOf } from "../../schema/shape.ts";

/** Fields of later versions are kept as they came, and ignored. */
export interface GroupData {
  /** How long a message stays after it was sent or read, in ms: whole seconds. Absent: for good. */
  readonly timerMs?: number;
  readonly description?: string;
  /** Where the group's picture is: opaque here. */
  readonly picture?: Bytes;
  readonly [later: string]: unknown;
}

/** What is to change: undefined takes a field away. */
export type GroupDataChange = { [field in "timerMs" | "description" | "picture"]?: GroupData[field] | undefined };

/** The shortest and the longest time of a message that disappears, in ms. */
export const minTimerMs = 30_000;
/** Four weeks. */
export const maxTimerMs = 28 * 24 * 3_600_000;
/** The longest description of a group, in UTF-16 units. */
export const maxDescriptionLength = 500;
/** The longest reference of a group's picture, in bytes. */
export const maxPictureBytes = 1_024;
/** All of it as CBOR, in bytes: it stands in the state of every device, and in every Welcome. */
export const maxGroupDataBytes = 4_096;

/** Whether a timer can be set to this, in ms. */
export function isTimer(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) % 1_000 === 0 && (value as number) >= minTimerMs &&
    (value as number) <= maxTimerMs;
}

/** @param value decoded CBOR @throws MalformedError */
export function groupDataOf(value: unknown): GroupData {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new MalformedError("group data: not a map");
  }
  const data = value as Record<string, unknown>;
  // What is not there has one form.
  if (Object.keys(data).length === 0) throw new MalformedError("group data: empty");
  if (encodeCbor(data).length > maxGroupDataBytes) throw new MalformedError("group data: too large");
  if (Object.hasOwn(data, "timerMs") && !isTimer(data.timerMs)) throw new MalformedError("group data: timer");
  if (Object.hasOwn(data, "description")) textOf(data.description, maxDescriptionLength, "description");
  if (Object.hasOwn(data, "picture") && bytesOf(data.picture, undefined, "picture").length > maxPictureBytes) {
    throw new MalformedError("group data: picture");
  }
  return data;
}

/** @returns the data with the change, undefined where nothing is left */
export function changedData(before: GroupData | undefined, change: GroupDataChange): GroupData | undefined {
  const after = Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined);
  return after.length === 0 ? undefined : Object.fromEntries(after);
}

/** Whether both are equal to the last byte, fields of later versions included. */
export function sameData(a: GroupData | undefined, b: GroupData | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(encodeCbor(a), encodeCbor(b));
}
