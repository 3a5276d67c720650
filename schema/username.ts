/** The form of a username: 3 to 32 of a–z 0–9 . _ - and first a letter (E007). */

import { MalformedError } from "./malformed_error.ts";

const form = /^[a-z][a-z0-9._-]{2,31}$/;

/** @returns whether a text may be a username */
export function isUsername(text: string): boolean {
  return form.test(text);
}

/**
 * @param value decoded foreign data
 * @throws MalformedError
 */
export function usernameOf(value: unknown): string {
  if (typeof value !== "string" || !isUsername(value)) throw new MalformedError("not a username");
  return value;
}
