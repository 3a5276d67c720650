/** What other accounts show of themselves, as it is kept on this device. */

import type { Profile } from "../../content/profile.ts";

/** The store "account", by {@link faceKey}: the newest profile of an account. */
export interface FaceRecord extends Profile {
  /** When it came, in ms. */
  atMs: number;
}

/** The start of all keys of {@link FaceRecord}. */
export const facePrefix = "face/";

/** @param accountKey as hex @returns the key of what that account shows */
export function faceKey(accountKey: string): string {
  return facePrefix + accountKey;
}

/** What the others of a conversation were told last: the number of the profile, and where it was sealed. */
export interface ProfileTold {
  v: number;
  /** hex */
  channel: string;
  epoch: number;
}
