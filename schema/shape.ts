/** Checks of decoded foreign data: each returns the value with its type, or throws {@link MalformedError}. */

import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./malformed_error.ts";

/**
 * @param value decoded data
 * @param keys exactly the keys that it must have
 * @param what its name in errors
 */
export function recordOf<K extends string>(value: unknown, keys: readonly K[], what: string): Record<K, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new MalformedError(`${what}: not a map`);
  }
  const found = Object.keys(value);
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) {
    throw new MalformedError(`${what}: wrong fields`);
  }
  return value as Record<K, unknown>;
}

/**
 * @param length exact length in bytes, or undefined for any
 * @returns a copy that shares no memory with the message it came in
 */
export function bytesOf(value: unknown, length: number | undefined, what: string): Bytes {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
    throw new MalformedError(`${what}: not ${length ?? "some"} bytes`);
  }
  return new Uint8Array(value);
}

/** @returns a string of at most `maxLength` UTF-16 units */
export function textOf(value: unknown, maxLength: number, what: string): string {
  if (typeof value !== "string" || value.length > maxLength) {
    throw new MalformedError(`${what}: not a text of at most ${maxLength}`);
  }
  return value;
}

/** @returns an integer from 0 to 2^53 − 1 */
export function countOf(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new MalformedError(`${what}: not a count`);
  }
  return value;
}

/** @returns an array of at most `maxLength` items, each read by `item` */
export function listOf<T>(
  value: unknown,
  maxLength: number,
  what: string,
  item: (value: unknown, what: string) => T,
): T[] {
  if (!Array.isArray(value) || value.length > maxLength) {
    throw new MalformedError(`${what}: not a list of at most ${maxLength}`);
  }
  return value.map((entry, index) => item(entry, `${what}[${index}]`));
}
