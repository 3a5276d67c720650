/** Sets the next device list of an account, and excludes the removed devices. */

import { type Bytes, equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore, DeviceKeys } from "../../account_store.ts";
import type { Database } from "../database.ts";
import { dropDevice } from "../delivery/drop_device.ts";
import type { Operations } from "../operation.ts";

export const deviceOperations: Operations<Pick<AccountStore, "putDeviceList">> = {
  putDeviceList(db, { accountKey, expectedVersion, devices, listed, revoked }) {
    const { changes } = db.run(
      `UPDATE accounts SET list_version = list_version + 1, list = ?, list_signature = ?
       WHERE account_key = ? AND list_version = ?`,
      devices.list,
      devices.signature,
      accountKey,
      expectedVersion,
    );
    if (changes === 0) throw new WireError(ErrorCode.epochConflict, "the device list has another version");
    const has = (ids: Bytes[], id: Bytes) => ids.some((other) => equalBytes(other, id));
    const dropped = liveDevices(db, accountKey).filter(({ deviceId, enrolled }) =>
      has(revoked, deviceId) || (enrolled === 1 && !has(listed.map((device) => device.deviceId), deviceId))
    );
    for (const device of listed) enrol(db, accountKey, device);
    for (const deviceId of revoked) {
      db.run(
        "INSERT INTO revoked_devices (account_key, device_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        accountKey,
        deviceId,
      );
    }
    return { endedSessionIds: dropped.flatMap((device) => drop(db, device)) };
  },
};

/**
 * Only a device that proved its key to this account, when it registered or signed in, can be enrolled. So an
 * account can not enrol another account's key. A revoked one never is, also when the list has forgotten it.
 */
function enrol(db: Database, accountKey: Bytes, { deviceId, recipientKey }: DeviceKeys): void {
  const { changes } = db.run(
    `UPDATE devices SET enrolled = 1 WHERE device_id = ? AND recipient_key = ? AND account_key = ?
     AND NOT EXISTS (
       SELECT 1 FROM revoked_devices r
       WHERE r.account_key = devices.account_key AND r.device_id = devices.device_id)`,
    deviceId,
    recipientKey,
    accountKey,
  );
  if (changes === 0) {
    throw new WireError(ErrorCode.keyDoesNotMatchDevice, "a listed device has not signed in to this account");
  }
}

/**
 * Without revoked devices. Devices that signed in and never enrolled are deleted with their sessions, so
 * these are few.
 */
function liveDevices(db: Database, accountKey: Bytes): (DeviceKeys & { enrolled: number })[] {
  return db.all(
    `SELECT device_id AS deviceId, recipient_key AS recipientKey, enrolled FROM devices
     WHERE account_key = ? AND NOT EXISTS (
       SELECT 1 FROM revoked_devices r
       WHERE r.account_key = devices.account_key AND r.device_id = devices.device_id)`,
    accountKey,
  );
}

/** @returns the ids of its ended sessions */
function drop(db: Database, { deviceId, recipientKey }: DeviceKeys): Bytes[] {
  db.run("UPDATE devices SET enrolled = 0 WHERE device_id = ?", deviceId);
  db.run("DELETE FROM key_packages WHERE device_id = ?", deviceId);
  dropDevice(db, recipientKey);
  return db.all<{ sessionId: Bytes }>(
    "DELETE FROM sessions WHERE device_id = ? RETURNING session_id AS sessionId",
    deviceId,
  ).map(({ sessionId }) => sessionId);
}
