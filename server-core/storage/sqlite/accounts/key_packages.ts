/** The stock of KeyPackages of each device: each is handed out once, the last resort any number of times. */

import { type Bytes, toHex } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore, HandedOutKeyPackage, NewKeyPackage } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { isInvited } from "./links.ts";
import { isInvitedOnly } from "./settings.ts";

/** A device's stock, the last resort not counted. */
const maxStock = 100;

/** specification §4.8: handed out for 24 h by the server's clock. */
const handOutMs = 24 * 3_600_000;

export const keyPackageOperations: Operations<
  Pick<AccountStore, "addKeyPackages" | "countKeyPackages" | "takeKeyPackages">
> = {
  addKeyPackages(db, { deviceId, keyPackages, lastResort }, { nowMs }) {
    // No KeyPackage is handed out for longer than that. A later end was written while this server's clock was
    // ahead. Such a KeyPackage would fill the stock until then.
    db.run(
      "DELETE FROM key_packages WHERE device_id = ? AND (until_ms <= ? OR (last_resort = 0 AND until_ms > ?))",
      deviceId,
      nowMs,
      nowMs + handOutMs,
    );
    for (const keyPackage of keyPackages) {
      insert(db, deviceId, keyPackage, false, Math.min(nowMs + handOutMs, keyPackage.notAfterMs));
    }
    if (stockOf(db, deviceId) > maxStock) {
      throw new WireError(ErrorCode.malformed, `more than ${maxStock} KeyPackages in stock`);
    }
    if (lastResort) {
      db.run(
        "DELETE FROM key_packages WHERE device_id = ? AND last_resort = 1 AND sha256 <> ?",
        deviceId,
        lastResort.sha256,
      );
      insert(db, deviceId, lastResort, true, lastResort.notAfterMs);
    }
    return { available: availableOf(db, deviceId, nowMs) };
  },

  countKeyPackages(db, { deviceId }, { nowMs }) {
    const lastResort = db.get(
      `SELECT 1 FROM key_packages WHERE device_id = ? AND last_resort = 1 AND not_before_ms <= ? AND until_ms > ?
         AND sha256 NOT IN (SELECT sha256 FROM spent_key_packages)`,
      deviceId,
      nowMs,
      nowMs,
    );
    return { available: availableOf(db, deviceId, nowMs), lastResort: lastResort !== undefined };
  },

  takeKeyPackages(db, { accountKey, deviceIds, by, linkHash }, { nowMs }) {
    if (!db.get("SELECT 1 FROM accounts WHERE account_key = ?", accountKey)) {
      throw new WireError(ErrorCode.unknownRecipient, "unknown account");
    }
    const asked = { by: by ?? accountKey, accountKey, ...(linkHash && { linkHash }) };
    if (isInvitedOnly(db, accountKey) && !isInvited(db, asked, nowMs)) {
      throw new WireError(ErrorCode.invitedOnly, "the account takes invited people only");
    }
    const enrolled = db.all<{ deviceId: Bytes }>(
      "SELECT device_id AS deviceId FROM devices WHERE account_key = ? AND enrolled = 1 ORDER BY device_id",
      accountKey,
    )
      .map(({ deviceId }) => deviceId);
    const known = new Set(enrolled.map(toHex));
    const unknown = deviceIds.find((deviceId) => !known.has(toHex(deviceId)));
    if (unknown) throw new WireError(ErrorCode.unknownRecipient, `the account has no device ${toHex(unknown)}`);
    return (deviceIds.length === 0 ? enrolled : deviceIds).map((deviceId) => take(db, deviceId, nowMs));
  },
};

function insert(
  db: Database,
  deviceId: Bytes,
  { sha256, keyPackage, notBeforeMs, notAfterMs }: NewKeyPackage,
  lastResort: boolean,
  untilMs: number,
): void {
  if (db.get("SELECT 1 FROM spent_key_packages WHERE sha256 = ?", sha256)) return;
  db.run(
    `INSERT INTO key_packages
       (device_id, sha256, key_package, last_resort, not_before_ms, until_ms, not_after_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (sha256) DO NOTHING`,
    deviceId,
    sha256,
    keyPackage,
    lastResort ? 1 : 0,
    notBeforeMs,
    untilMs,
    notAfterMs,
  );
}

/** The newest comes first: it says what the device's present version knows. */
function take(db: Database, deviceId: Bytes, nowMs: number): HandedOutKeyPackage {
  const row = db.get<{ id: number; sha256: Bytes; keyPackage: Bytes; lastResort: number; notAfterMs: number }>(
    `SELECT id, sha256, key_package AS keyPackage, last_resort AS lastResort, not_after_ms AS notAfterMs
     FROM key_packages
     WHERE device_id = ? AND not_before_ms <= ? AND until_ms > ? ORDER BY last_resort, id DESC LIMIT 1`,
    deviceId,
    nowMs,
    nowMs,
  );
  if (!row) throw new WireError(ErrorCode.noKeyPackageLeft, `no KeyPackage left of device ${toHex(deviceId)}`);
  // A last resort stays, but its device learns from the count that it is to be replaced.
  if (!row.lastResort) db.run("DELETE FROM key_packages WHERE id = ?", row.id);
  db.run(
    "INSERT INTO spent_key_packages (sha256, not_after_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
    row.sha256,
    row.notAfterMs,
  );
  return { deviceId, keyPackage: row.keyPackage, lastResort: row.lastResort === 1 };
}

function stockOf(db: Database, deviceId: Bytes): number {
  return db.get<{ count: number }>(
    "SELECT count(*) AS count FROM key_packages WHERE device_id = ? AND last_resort = 0",
    deviceId,
  )!.count;
}

function availableOf(db: Database, deviceId: Bytes, nowMs: number): number {
  return db.get<{ count: number }>(
    `SELECT count(*) AS count FROM key_packages
     WHERE device_id = ? AND last_resort = 0 AND not_before_ms <= ? AND until_ms > ?`,
    deviceId,
    nowMs,
    nowMs,
  )!.count;
}
