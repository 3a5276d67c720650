/** Handler of `putDeviceList`, which replaces the account's device list. */

import { equalBytes } from "../../schema/bytes.ts";
import { deviceListSuccession, openDeviceList } from "../../schema/device_list.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import type { Challenges } from "./challenges.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { sessionOf } from "./parameters.ts";

/** Serves `putDeviceList`, for a device of the account. */
export function addDeviceHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, sessions, onSessionsEnded, onAccountChanged }: AuthenticationDeps,
  challenges: Challenges,
): void {
  handlers.unary(authentication.putDeviceList, async ({ devices, proof }, { caller }) => {
    const session = sessionOf(caller);
    // First, because it bounds how often the device may have a list opened.
    await challenges.check(proof, session, "putDeviceList", [devices.list, devices.signature]);
    const next = await openDeviceList(devices);
    const { accountKey } = session;
    const [stored] = await accounts.accountsByKey({ accountKeys: [accountKey] });
    const current = await openDeviceList(stored.devices);
    const fault = await deviceListSuccession(current, stored.devices.list, next);
    if (fault) throw new WireError(ErrorCode.epochConflict, `device list: ${fault}`);
    const { endedSessionIds } = await accounts.putDeviceList({
      accountKey,
      expectedVersion: current.version,
      devices: { list: devices.list, signature: devices.signature },
      listed: next.devices,
      revoked: next.revoked,
    });
    sessions.forgetAccount(accountKey);
    onSessionsEnded?.(endedSessionIds);
    // A device that is gone is to be removed. A new one can be added once it has KeyPackages (key_package_handlers.ts).
    const isIn = (deviceId: Uint8Array) => next.devices.some((device) => equalBytes(device.deviceId, deviceId));
    if (!current.devices.every(({ deviceId }) => isIn(deviceId))) {
      onAccountChanged?.({ accountKey, to: "all", by: session.recipientKey, acts: true });
    }
    return {};
  });
}
