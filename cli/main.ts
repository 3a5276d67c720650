/** `qpq`: one command, then the end. */

import { type Invocation, readArguments } from "./arguments.ts";
import type { Command } from "./commands/command.ts";
import { login, logout, register, whoami } from "./commands/account.ts";
import { createGroup, groups, invite, join, leave, members, remove } from "./commands/groups.ts";
import { recv, send } from "./commands/messages.ts";
import { completionScript } from "./completion.ts";
import { demoGroup } from "./demo_group.ts";
import { failureOf } from "./failure.ts";
import { makeOutput, printable } from "./output.ts";
import { Session } from "./session.ts";
import { exitCodes, helpText } from "./usage.ts";

const env = (name: string) => Deno.env.get(name);

const withSession: Record<string, Command> = { register, login, logout, whoami, "create-group": createGroup, invite, join, groups, members, remove, leave, send, recv };

async function run(invocation: Invocation): Promise<void> {
  const { command, args, help, json } = invocation;
  const output = makeOutput(json);
  if (help) return console.log(helpText(command || undefined).trimEnd());
  if (command === "completion") return console.log(completionScript(args[0]));
  if (command === "demo-group") return await demoGroup(invocation, output);
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  const session = await Session.of(invocation, env, output);
  try {
    await withSession[command]({ session, invocation, output, env, interrupted: interrupted.signal });
  } finally {
    await session.close();
  }
}

try {
  await run(readArguments(Deno.args, env));
  Deno.exit(exitCodes.ok);
} catch (error) {
  // `qpq recv | head` is over when head is.
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(exitCodes.ok);
  const { exitCode, message, hint, code } = failureOf(error);
  console.error(`qpq: error: ${code ? `${code} ` : ""}${printable(message)}`);
  if (hint) console.error(`qpq: hint: ${hint}`);
  Deno.exit(exitCode);
}
