/** The entry point of `qpq`: runs one command and ends. */

import { type Invocation, readArguments } from "./arguments.ts";
import { ownFiles } from "./caller_files.ts";
import { withState } from "./commands/all.ts";
import { completionScript } from "./completion.ts";
import { daemon } from "./daemon/daemon.ts";
import { throughDaemon } from "./daemon/exec.ts";
import { connectTo } from "./daemon/socket.ts";
import { demoGroup } from "./demo_group.ts";
import { Failure, failureOf } from "./failure.ts";
import { onInterrupt, onWrapperEnd } from "./interrupts.ts";
import { manualPage } from "./manual_page.ts";
import { makeOutput, printable } from "./output.ts";
import { restoreTerminal } from "./secrets.ts";
import { Session } from "./session.ts";
import { standardInput } from "./standard_input.ts";
import { commands, exitCodes, helpText } from "./usage.ts";

const env = (name: string) => Deno.env.get(name);

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
  const endsInOrder = command === "demo-group" || command === "export" || command === "daemon" ||
    command === "recv" && invocation.options.follow === true;
  // `recv --follow`, `export`, the demo and the daemon end in order. Others end at once: the state on disk is always
  // consistent.
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
  const running = await connectTo(invocation.statePath);
  if (running) return await throughDaemon(running, invocation, output, interrupted.signal);
  const session = await Session.of(invocation, env, output);
  try {
    const work = (command === "daemon" ? daemon : withState[command])({
      session,
      invocation,
      output,
      env,
      input: () => standardInput(command),
      files: ownFiles,
      interrupted: interrupted.signal,
    });
    // What these do without a server, or at their end, is done first.
    const isFirst = ["send", "logout", "daemon"].includes(command);
    await (isFirst ? work : Promise.race([work, session.orUntrusted()]));
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
