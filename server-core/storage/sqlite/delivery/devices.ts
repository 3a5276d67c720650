/** The delivery service's only query of the authentication service's tables. */

import type { Database } from "../database.ts";

/** @returns whether the device is in its account's newest device list */
export function isEnrolled(db: Database, recipientKey: Uint8Array): boolean {
  return db.get("SELECT 1 FROM devices WHERE recipient_key = ? AND enrolled = 1", recipientKey) !== undefined;
}
