/** Passwords for commands: the one of the account, and new ones. */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { wrongUsage } from "../failure.ts";
import { formsOf, withEitherForm } from "../secret_text.ts";
import { newPasswordFrom, passwordFrom } from "../secrets.ts";
import type { CommandContext } from "./command.ts";

/**
 * Does what needs the account's password: with the password as it is given, then as older versions read it.
 *
 * @param ask the question at the terminal
 * @throws EngineError L022 where neither is right
 */
export async function withOwnPassword<T>(
  { invocation, env }: CommandContext,
  ask: string,
  work: (password: string) => Promise<T>,
): Promise<T> {
  const password = await passwordFrom(invocation.options["password-file"] as string | undefined, env, ask);
  const isWrong = (error: unknown) => error instanceof EngineError && error.problem.code === LocalCode.wrongPassword;
  return await withEitherForm(password, formsOf(password), isWrong, work);
}

/**
 * A password that is made here. A generated one is printed before it is used: what comes after may fail when the
 * password is valid already.
 *
 * @param username whom it is for
 * @param source whether the account is new
 * @param ask the question at the terminal
 */
export async function newPassword(
  { session, invocation, output, env }: CommandContext,
  username: string,
  source: "first" | "changed",
  ask: string,
): Promise<string> {
  const file = invocation.options[source === "first" ? "password-file" : "new-password-file"] as string | undefined;
  const generates = invocation.options["generate-password"] === true;
  if (generates && file !== undefined) throw wrongUsage("give a file with the password, or --generate-password");
  const given = generates ? undefined : await newPasswordFrom(source, file, env, ask);
  if (given !== undefined) return given;
  const password = await session.engine.suggestPassphrase(username);
  await output.line(`Password, shown this once:\n${password}`, { type: "generated-password", password });
  return password;
}
