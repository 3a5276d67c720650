/** The entry point of `qpq`: runs one command and ends. */

import { type Invocation, readArguments } from "./arguments.ts";
import type { Command } from "./commands/command.ts";
import { login, logout, register, whoami } from "./commands/account.ts";
import { account, exportData } from "./commands/leaving.ts";
import * as changes from "./commands/changes.ts";
import { devices, passwd, recover, recoveryCode } from "./commands/devices.ts";
import { save } from "./commands/files.ts";
import { createGroup, groups, invite, join, leave, members, remove, rename, role, timer } from "./commands/groups.ts";
import { dm } from "./commands/dm.ts";
import { history } from "./commands/history.ts";
import { recv, send } from "./commands/messages.ts";
import { profile } from "./commands/profile.ts";
import { search } from "./commands/search.ts";
import { block, blocked, link, links, requests, unblock } from "./commands/people.ts";
import { verify } from "./commands/verify.ts";
import { completionScript } from "./completion.ts";
import { demoGroup } from "./demo_group.ts";
import { Failure, failureOf } from "./failure.ts";
import { onInterrupt, onWrapperEnd } from "./interrupts.ts";
import { manualPage } from "./manual_page.ts";
import { makeOutput, printable } from "./output.ts";
import { restoreTerminal } from "./secrets.ts";
import { Session } from "./session.ts";
import { commands, exitCodes, helpText } from "./usage.ts";

const env = (name: string) => Deno.env.get(name);

const withSession: Record<string, Command> = {
  reply: changes.reply,
  react: changes.react,
  edit: changes.edit,
  delete: changes.remove,
  poll: changes.poll,
  vote: changes.vote,
  register,
  login,
  recover,
  logout,
  whoami,
  profile,
  "create-group": createGroup,
  invite,
  join,
  groups,
  members,
  remove,
  rename,
  role,
  timer,
  leave,
  link,
  links,
  requests,
  block,
  unblock,
  blocked,
  send,
  recv,
  dm,
  history,
  search,
  save,
  devices,
  verify,
  passwd,
  "recovery-code": recoveryCode,
  account,
  export: exportData,
};

/** The version of qpq. */
function versionOf(): string {
  return JSON.parse(Deno.readTextFileSync(new URL("../package.json", import.meta.url))).version;
}

async function run(invocation: Invocation): Promise<void> {
  const { command, args, help, json, version } = invocation;
  const output = makeOutput(json);
  if (version) return console.log(`qpq ${versionOf()}`);
  if (help) return console.log(helpText(command || undefined).trimEnd());
  if (command === "man") return console.log(manualPage(versionOf()).trimEnd());
  if (command === "completion") return console.log(completionScript(args[0]));
  const interrupted = new AbortController();
  const endsInOrder = command === "demo-group" || command === "export" ||
    command === "recv" && invocation.options.follow === true;
  // `recv --follow`, `export` and the demo end in order. Others end at once: the state on disk is always consistent.
  const stop = (code: number) => () => {
    if (endsInOrder && !interrupted.signal.aborted) return interrupted.abort(new Failure(code, "interrupted"));
    restoreTerminal();
    Deno.exit(code);
  };
  onInterrupt(stop(exitCodes.interrupted));
  Deno.addSignalListener("SIGTERM", stop(exitCodes.terminated));
  if (endsInOrder) onWrapperEnd(env("QPQ_WRAPPER"), stop(exitCodes.hungUp));
  if (Deno.build.os !== "windows") {
    // The terminal was closed, or Ctrl+\ was pressed.
    Deno.addSignalListener("SIGHUP", stop(exitCodes.hungUp));
    Deno.addSignalListener("SIGQUIT", stop(exitCodes.quit));
    // With a listener, a write over a file size limit fails and is reported. Without it, the write would end
    // the process.
    Deno.addSignalListener("SIGXFSZ", () => {});
  }
  if (command === "demo-group") return await demoGroup(invocation, output, interrupted.signal);
  const session = await Session.of(invocation, env, output);
  try {
    const work = withSession[command]({ session, invocation, output, env, interrupted: interrupted.signal });
    // What these two do without a server is done first.
    await (command === "send" || command === "logout" ? work : Promise.race([work, session.orUntrusted()]));
    if (!commands[command].local && !interrupted.signal.aborted) await session.settled();
  } finally {
    await session.close();
  }
}

try {
  await run(readArguments(Deno.args, env));
  Deno.exit(exitCodes.ok);
} catch (error) {
  // `qpq recv | head` ends when head ends.
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(exitCodes.ok);
  const { exitCode, message, hint, code } = failureOf(error);
  console.error(`qpq: error: ${code ? `${code} ` : ""}${printable(message)}`);
  if (hint) console.error(`qpq: hint: ${printable(hint)}`);
  Deno.exit(exitCode);
}
