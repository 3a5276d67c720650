/**
 * What this device knows of revoked devices. It decides what is marked, answered and asked of the user, and
 * never whether a commit is followed: members learn of a revocation at different times (docs/decisions/030).
 */

import { equalBytes } from "../../../schema/bytes.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import type { SyncContext } from "./sync_context.ts";

/**
 * Whether the newest list that this device has seen revokes the device. It asks nobody: a server that helps a
 * revoked device would keep the list back in any case.
 */
export async function isKnownRevoked(
  { account: { directory } }: Pick<SyncContext, "account">,
  { accountKey, deviceId }: Pick<DeviceCredential, "accountKey" | "deviceId">,
): Promise<boolean> {
  const known = await directory.byKey(accountKey);
  return known !== undefined && known.devices.revoked.some((id) => equalBytes(id, deviceId));
}
