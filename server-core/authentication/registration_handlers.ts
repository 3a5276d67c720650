/** Handlers of `registerStart` and `registerFinish`: an OPAQUE registration, which makes an account. */

import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { deviceIdOf } from "../../schema/credential.ts";
import { openDeviceList, type SignedDeviceList } from "../../schema/device_list.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { registrationBytes } from "../../schema/signed_call.ts";
import type { Caller } from "../caller.ts";
import type { DeviceKeys } from "../storage/account_store.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { inviteSha256 } from "./invites.ts";
import type { OpaqueLimits } from "./opaque_limits.ts";
import { checkedVault, checkLength, checkSuite, checkUsername } from "./parameters.ts";

/** Serves `registerStart` and `registerFinish`. */
export function addRegistrationHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, opaque, sessions, config }: AuthenticationDeps,
  limits: OpaqueLimits,
): void {
  const checkOpen = () => {
    if (config.registration === "closed") throw new WireError(ErrorCode.registrationClosed, "registration is closed");
  };

  handlers.unary(authentication.registerStart, async ({ suite, username, request }, { caller }) => {
    checkSuite(suite);
    limits.start(caller.remoteAddress, username);
    checkUsername(username);
    const existing = await accounts.opaqueRecord({ username });
    // An account's own device prepares a new password in this way, whatever the policy for new accounts is.
    const own = existing && caller.enrolled && equalBytes(existing.accountKey, caller.accountKey!);
    if (!own) checkOpen();
    if (existing && !own) throw new WireError(ErrorCode.usernameInvalidOrTaken, "the username is taken");
    return await opaque.run("respondToRegistration", { username, request }, caller.remoteAddress);
  });

  handlers.unary(
    authentication.registerFinish,
    async ({ suite, username, record, inviteCode, devices, vault, recipientKey, deviceSignature }, { caller }) => {
      checkSuite(suite);
      limits.finish(caller.remoteAddress);
      checkOpen();
      checkUsername(username);
      checkLength(recipientKey, 32, "recipientKey");
      const checked = checkedVault(vault, 1);
      const { accountKey, device } = await firstDeviceOf(devices, username, recipientKey);
      if (
        !await verifyEd25519(recipientKey, deviceSignature, await registrationBytes(record, username, vault))
      ) throw new WireError(ErrorCode.keyDoesNotMatchDevice, "bad device signature");
      await opaque.run("checkRecord", { record }, caller.remoteAddress);
      const { accessToken, session } = sessions.create();
      const invite = config.registration === "invite" ? { inviteSha256: inviteSha256(inviteCode) } : {};
      await accounts.register({
        username,
        accountKey,
        opaqueRecord: record,
        devices: { list: devices.list, signature: devices.signature },
        vault: checked,
        device,
        session,
        ...invite,
      });
      return { accessToken, expiresMs: session.expiresMs };
    },
  );
}

/** @throws WireError E023 for a list that is not the first one of this name with exactly this device; MalformedError */
async function firstDeviceOf(
  devices: SignedDeviceList,
  username: string,
  recipientKey: Bytes,
): Promise<{ accountKey: Bytes; device: DeviceKeys }> {
  const list = await openDeviceList(devices);
  const isFirst = list.version === 1 && list.revoked.length === 0 && list.prevHash.every((byte) => byte === 0);
  const isTheirs = list.username === username && list.devices.length === 1 &&
    equalBytes(list.devices[0].recipientKey, recipientKey);
  if (!isFirst || !isTheirs) {
    throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the device list is not a first one with exactly this device");
  }
  return { accountKey: list.accountKey, device: { deviceId: await deviceIdOf(recipientKey), recipientKey } };
}
