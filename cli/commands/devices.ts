/** The commands devices, passwd, recover and recovery-code. */

import { Failure } from "../failure.ts";
import { recoveryCodeFrom } from "../secrets.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";
import { newPassword, withOwnPassword } from "./passwords.ts";

/** `devices`: lists the account's devices, or revokes one with `--revoke`. */
export const devices: Command = async (context) => {
  const { session, invocation, output } = context;
  await session.synced();
  const all = await session.engine.devices();
  const wanted = invocation.options.revoke as string | undefined;
  if (wanted === undefined) {
    for (const { deviceId, current, lastUsedMs, createdMs, sessions } of all) {
      const times = {
        ...(createdMs !== undefined && { createdAt: new Date(createdMs).toISOString() }),
        ...(lastUsedMs !== undefined && { lastUsedAt: new Date(lastUsedMs).toISOString() }),
      };
      await output.line(
        `${deviceId}${current ? "  (this one)" : ""}${
          times.lastUsedAt ? `  last used ${times.lastUsedAt}` : "  not signed in"
        }`,
        { type: "device", deviceId, current, sessions, ...times },
      );
    }
    return;
  }
  const found = all.filter(({ deviceId }) => /^[0-9a-f]{4,32}$/.test(wanted) && deviceId.startsWith(wanted));
  if (found.length !== 1) {
    throw new Failure(
      exitCodes.failed,
      found.length === 0 ? `there is no device ${wanted}` : `${found.length} devices begin with ${wanted}`,
      "qpq devices",
    );
  }
  if (found[0].current) throw new Failure(exitCodes.failed, "this is the device that you are using", "qpq logout");
  const { deviceId } = found[0];
  await withOwnPassword(context, "Password", (password) => session.engine.revokeDevice(deviceId, password));
  await output.line(`device ${found[0].deviceId} is out of the account`, {
    type: "device-revoked",
    deviceId: found[0].deviceId,
  });
};

/** `passwd`: changes the password. */
export const passwd: Command = async (context) => {
  const { session, output } = context;
  let password: string | undefined;
  await session.synced();
  const { username } = await session.requireSignedIn();
  await withOwnPassword(context, "Password until now", async (old) => {
    password ??= await newPassword(context, username, "changed", "New password");
    await session.engine.changePassword(old, password);
  });
  await output.line("the password is changed; every other device has to sign in again", { type: "password-changed" });
};

/** `recovery-code`: makes a new recovery code; the former one is void. */
export const recoveryCode: Command = async (context) => {
  const { session, output } = context;
  await session.synced();
  const made = await withOwnPassword(
    context,
    "Password",
    (password) => session.engine.newRecoveryCode(password),
  );
  await output.line(`Recovery code, shown this once; the one before is void:\n${made.recoveryCode}`, {
    type: "recovery-code",
    recoveryCode: made.recoveryCode,
  });
};

/** `recover`: signs in by the recovery code and sets a new password. */
export const recover: Command = async (context) => {
  const { session, invocation, output, env } = context;
  const [username] = invocation.args;
  await session.requireSignedOut();
  const code = await recoveryCodeFrom(invocation.options["recovery-code-file"] as string | undefined, env);
  const password = await newPassword(context, username, "changed", "New password");
  const { recoveryCode } = await session.engine.recover(username, code, password);
  const { accountKey, deviceId } = await session.requireSignedIn();
  await output.line(
    `${username} is signed in as device ${deviceId}. ` +
      `New recovery code, shown this once; the one before is void:\n${recoveryCode}`,
    { type: "recovered", username, accountKey, deviceId, recoveryCode },
  );
};
