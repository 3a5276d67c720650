/** The page's side of the eviction sentinel: one text in localStorage, to which a Worker has no access. */

import type { PageSentinel } from "../../client/storage/sentinel.ts";

const name = "qpq-device";

export const pageSentinel: PageSentinel = {
  get: () => Promise.resolve(localStorage.getItem(name) ?? undefined),
  set: (text) => Promise.resolve(localStorage.setItem(name, text)),
  remove: () => Promise.resolve(localStorage.removeItem(name)),
};

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
