/** Handlers of `uploadKeyPackages`, `countKeyPackages` and `fetchKeyPackage`. */

import { setImmediate } from "node:timers/promises";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { maxDevices, openDeviceList } from "../../schema/device_list.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import type { NewKeyPackage } from "../storage/account_store.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { linkHashOf } from "./link_handlers.ts";
import { checkLength, sessionOf } from "./parameters.ts";
import { CallWindow } from "../../server-common/call_window.ts";
import { TokenBuckets } from "../../server-common/token_bucket.ts";

const maxUpload = 100;
/**
 * Calls of a device in a minute. A device needs one in 20 hours, and checking a full call takes this thread
 * some 60 ms.
 */
export const uploadsPerMinute = 20;
/** … in any 24 h. What is handed out is remembered until it expires, so that nobody puts it back. */
const uploadsPerDay = 500;
/** Calls of a device for the KeyPackages of one account in a minute. */
const fetchesPerMinute = 30;
/**
 * KeyPackages of one device for one other account in any 24 h. A device has 20 in stock, each for 24 h: one account
 * alone does not get at its last resort. Each group that is made, joined or replaced takes one.
 */
const fetchesPerDay = 18;
/** Devices of others whose KeyPackages an account gets in any 24 h: ten of the largest groups. */
const devicesPerDay = 20_000;
const dayMs = 24 * 3_600_000;

/** Serves `uploadKeyPackages`, `countKeyPackages` and `fetchKeyPackage`. */
export function addKeyPackageHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, config, clock: wall, monotonic: clock = wall, onAccountChanged }: AuthenticationDeps,
): void {
  const fetches = new TokenBuckets({ perMinute: config.fetchKeyPackagePerMinute ?? fetchesPerMinute, clock });
  const days = new CallWindow({
    most: config.fetchKeyPackagePerDay ?? fetchesPerDay,
    spanMs: dayMs,
    clock,
    group: { of: (key) => key.split(" ")[0], maxKeys: devicesPerDay },
  });
  const uploadDays = new CallWindow({ most: uploadsPerDay, spanMs: dayMs, clock });
  const uploads = new TokenBuckets({ perMinute: config.uploadKeyPackagesPerMinute ?? uploadsPerMinute, clock });

  handlers.unary(authentication.uploadKeyPackages, async ({ keyPackages, lastResort }, { caller }) => {
    if (keyPackages.length > maxUpload) {
      throw new WireError(ErrorCode.malformed, `at most ${maxUpload} KeyPackages a call`);
    }
    const { accountKey, deviceId, recipientKey } = sessionOf(caller);
    const waitMs = uploads.take(toHex(deviceId)) || uploadDays.take([toHex(deviceId)]);
    if (waitMs > 0) throw new WireError(ErrorCode.rateLimited, "too many uploads of KeyPackages by one device", waitMs);
    const [{ username }] = await accounts.accountsByKey({ accountKeys: [accountKey] });
    // Loaded with the first upload: the MLS library takes a third of the time of a start, and of every health
    // check.
    const { KeyPackageCheck } = await import("./key_package_check.ts");
    const check = new KeyPackageCheck({ username, accountKey, deviceId, recipientKey }, wall());
    const checked: NewKeyPackage[] = [];
    for (const keyPackage of keyPackages) {
      checked.push(await check.check(keyPackage, false));
      // A check takes 0.6 ms. A hundred checks in one turn of the event loop would delay every other call.
      await setImmediate();
    }
    const last = lastResort.length === 0 ? {} : { lastResort: await check.check(lastResort, true) };
    const before = await accounts.countKeyPackages({ deviceId });
    const stock = await accounts.addKeyPackages({ deviceId, keyPackages: checked, ...last });
    // From its first KeyPackages on a device can be added.
    if (before.available === 0 && !before.lastResort && checked.length + lastResort.length > 0) {
      onAccountChanged?.({ accountKey, to: "all", by: recipientKey, acts: false });
    }
    return stock;
  });

  handlers.unary(
    authentication.countKeyPackages,
    async (_params, { caller }) => await accounts.countKeyPackages({ deviceId: sessionOf(caller).deviceId }),
  );

  handlers.unary(authentication.fetchKeyPackage, async ({ accountKey, deviceIds, linkToken }, { caller }) => {
    checkLength(accountKey, 32, "accountKey");
    if (deviceIds.length > maxDevices) throw new WireError(ErrorCode.malformed, `at most ${maxDevices} devices`);
    for (const deviceId of deviceIds) checkLength(deviceId, 16, "deviceId");
    if (new Set(deviceIds.map(toHex)).size !== deviceIds.length) {
      throw new WireError(ErrorCode.malformed, "a device twice");
    }
    const linkHash = linkToken.length === 0 ? undefined : await linkHashOf(linkToken);
    const session = sessionOf(caller);
    const retryAfterMs = fetches.take(`${toHex(session.deviceId)} ${toHex(accountKey)}`);
    if (retryAfterMs > 0) {
      throw new WireError(ErrorCode.rateLimited, "too many KeyPackages of one account", retryAfterMs);
    }
    if (equalBytes(session.accountKey, accountKey)) {
      return { keyPackages: await accounts.takeKeyPackages({ accountKey, deviceIds }) };
    }
    const targets = deviceIds.length > 0 ? deviceIds : await devicesOf(accountKey);
    const keys = targets.map((deviceId) => `${toHex(session.accountKey)} ${toHex(deviceId)}`);
    const waitMs = days.take(keys);
    if (waitMs > 0) throw new WireError(ErrorCode.rateLimited, "too many KeyPackages of one device today", waitMs);
    try {
      return {
        keyPackages: await accounts.takeKeyPackages({
          accountKey,
          deviceIds,
          by: session.accountKey,
          ...(linkHash && { linkHash }),
        }),
      };
    } catch (error) {
      days.giveBack(keys);
      throw error;
    }
  });

  async function devicesOf(accountKey: Bytes): Promise<Bytes[]> {
    const [account] = await accounts.accountsByKey({ accountKeys: [accountKey] });
    return account ? (await openDeviceList(account.devices)).devices.map(({ deviceId }) => deviceId) : [];
  }
}
