/** The commands register, login, logout and whoami. */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { Failure } from "../failure.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";
import { newPassword, withOwnPassword } from "./passwords.ts";

/** `register`: creates an account, with this state as its first device. */
export const register: Command = async (context) => {
  const { session, invocation, output, env } = context;
  const [username] = invocation.args;
  await session.requireSignedOut();
  const password = await newPassword(context, username, "first", `Password for ${username}`);
  const { recoveryCode } = await session.engine.createAccount(
    username,
    password,
    (invocation.options["invite-code"] as string | undefined) ?? (env("QPQ_INVITE_CODE") || undefined),
  ).catch((error) => {
    // The server may have created the account already: then `login` with its password is enough.
    if (error instanceof EngineError && error.problem.code === LocalCode.storage) {
      throw new Failure(
        exitCodes.state,
        error.problem.detail,
        `free space on its disk; then qpq login ${username}, ` +
          `or qpq register ${username} where there is no such account yet`,
        LocalCode.storage,
      );
    }
    throw error;
  });
  const account = await session.requireSignedIn();
  await output.line(`${username} is registered. Recovery code, shown this once:\n${recoveryCode}`, {
    type: "registered",
    username,
    accountKey: account.accountKey,
    deviceId: account.deviceId,
    recoveryCode,
  });
};

/** `login`: makes this state a device of an account. */
export const login: Command = async (context) => {
  const { session, invocation, output } = context;
  const [username] = invocation.args;
  await session.requireSignedOut();
  await withOwnPassword(context, `Password for ${username}`, (password) => session.engine.signIn(username, password));
  const account = await session.requireSignedIn();
  await output.line(`${username} is signed in as device ${account.deviceId}`, {
    type: "signed-in",
    username,
    accountKey: account.accountKey,
    deviceId: account.deviceId,
  });
};

/** `logout`: ends the session, on the server too if it can be reached, and empties the state. */
export const logout: Command = async ({ session, output }) => {
  const account = await session.engine.account();
  if (account.kind === "signed-out") await session.requireSignedIn();
  // If the server can not be reached soon, the session expires there.
  await session.synced().catch(() => {});
  await session.engine.signOut();
  await output.line("signed out; the state is empty", { type: "signed-out" });
};

/** `whoami`: reads only the state. */
export const whoami: Command = async ({ session, output }) => {
  const { username, accountKey, deviceId } = await session.requireSignedIn();
  await output.line(`${username}\npublic key  ${accountKey}\ndevice      ${deviceId}`, {
    type: "account",
    username,
    accountKey,
    deviceId,
  });
};
