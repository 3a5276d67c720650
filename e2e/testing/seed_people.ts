/**
 * Puts accounts into a core's database as if they had registered: signed device list, one device,
 * KeyPackages; all real but the password, which nobody uses. Before the core starts.
 */

import { sha256 } from "../../schema/bytes.ts";
import { signDeviceList } from "../../schema/device_list.ts";
import { keyPackageOf, makeDevices } from "../../client/mls/testing/group.ts";
import { openDatabase } from "../../server-core/storage/sqlite/open.ts";

const [dataDir, ...usernames] = Deno.args;

const people = await Promise.all((await makeDevices(...usernames)).map(async (device) => {
  const { credential: { accountKey, deviceId }, account, keyPair } = device;
  const list = {
    accountKey,
    username: account.username,
    version: 1,
    devices: [{ deviceId, recipientKey: keyPair.publicKey }],
    revoked: [],
    prevHash: new Uint8Array(32),
  };
  const made = [await keyPackageOf(device), await keyPackageOf(device, true)];
  const keyPackages = await Promise.all(
    made.map(async ({ keyPackage, notAfterMs }) => ({ keyPackage, notAfterMs, hash: await sha256(keyPackage) })),
  );
  return { ...device, signed: await signDeviceList(list as never, account.root.seed), keyPackages };
}));

const nothing = new Uint8Array();
const nowMs = Date.now();
await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
const db = openDatabase({ dataDir });
db.exec("BEGIN");
for (const { account, credential: { accountKey, deviceId }, keyPair, signed, keyPackages } of people) {
  db.run(
    `INSERT INTO accounts (account_key, username, opaque_record, list_version, list, list_signature,
      vault_version, vault_sealed, wrapped_by_password, wrapped_by_recovery, created_ms)
     VALUES (?, ?, ?, 1, ?, ?, 1, ?, ?, ?, ?)`,
    accountKey as never,
    account.username,
    nothing,
    signed.list,
    signed.signature,
    nothing,
    nothing,
    nothing,
    nowMs,
  );
  db.run(
    "INSERT INTO devices (device_id, recipient_key, account_key, enrolled, created_ms) VALUES (?, ?, ?, 1, ?)",
    deviceId as never,
    keyPair.publicKey,
    accountKey as never,
    nowMs,
  );
  for (const [index, { keyPackage, notAfterMs, hash }] of keyPackages.entries()) {
    db.run(
      `INSERT INTO key_packages (device_id, sha256, key_package, last_resort, not_before_ms, until_ms,
       not_after_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      deviceId as never,
      hash,
      keyPackage,
      index,
      nowMs - 60_000,
      nowMs + 3_600_000,
      notAfterMs,
    );
  }
}
db.exec("COMMIT");
db.close();
