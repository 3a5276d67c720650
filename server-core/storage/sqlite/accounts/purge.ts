/** Deletes expired sessions, KeyPackages, invites and links, old reports, and devices that never enrolled. */

import type { AccountStore } from "../../account_store.ts";
import type { Operations } from "../operation.ts";
import { reportsKeptMs } from "./settings.ts";

/** An expired session is remembered this long, so that its device gets E002 and not E001. */
const rememberedMs = 30 * 24 * 3_600_000;

export const purgeOperations: Operations<Pick<AccountStore, "purgeExpired">> = {
  purgeExpired(db, _args, { nowMs }) {
    db.run("DELETE FROM sessions WHERE expires_ms <= ?", nowMs - rememberedMs);
    db.run("DELETE FROM key_packages WHERE until_ms <= ?", nowMs);
    db.run("DELETE FROM spent_key_packages WHERE not_after_ms <= ?", nowMs);
    db.run("DELETE FROM invites WHERE expires_ms <= ?", nowMs);
    db.run("DELETE FROM links WHERE end_ms <= ?", nowMs);
    db.run("DELETE FROM reports WHERE received_ms <= ?", nowMs - reportsKeptMs);
    // A revoked device stays, so that it gets the right answer whenever it comes back.
    db.run(
      `DELETE FROM devices WHERE enrolled = 0
       AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.device_id = devices.device_id)
       AND NOT EXISTS (
         SELECT 1 FROM revoked_devices r
         WHERE r.account_key = devices.account_key AND r.device_id = devices.device_id)`,
    );
  },
};
