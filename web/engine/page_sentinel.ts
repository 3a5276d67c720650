/** The page's side of the eviction sentinel: one text in localStorage, to which a Worker has no access. */

import type { PageSentinel } from "../../client/storage/sentinel.ts";
import { lockName } from "./tab_protocol.ts";

const name = "qpq-device";

// Where the browser forbids the access, these reject and do not throw.
export const pageSentinel: PageSentinel = {
  get: async () => localStorage.getItem(name) ?? undefined,
  set: async (text) => localStorage.setItem(name, text),
  remove: async () => localStorage.removeItem(name),
};

/** @returns whether the browser forbids this site to keep anything, as with "block all cookies" in Chromium */
export function isStorageForbidden(): boolean {
  try {
    localStorage.getItem(name);
    return false;
  } catch {
    return true;
  }
}

/**
 * @returns whether this browser most likely holds a device, before the engine is open; false where the
 *   browser forbids the access
 */
export function remembersDevice(): boolean {
  try {
    return localStorage.getItem(name) !== null;
  } catch {
    return false;
  }
}

/**
 * @returns whether the engine has to look: the browser remembers a device, has a database of this site, or another tab
 *   runs an engine; true where the browser can not say
 */
export async function mayHoldDevice(): Promise<boolean> {
  if (remembersDevice()) return true;
  try {
    const [databases, locks] = await Promise.all([indexedDB.databases(), navigator.locks.query()]);
    return databases.length > 0 || (locks.held ?? []).some(({ name }) => name === lockName);
  } catch {
    return true;
  }
}
