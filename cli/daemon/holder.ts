/** Runs commands of several callers on the one session that the daemon holds. */

import { checkCount, type Invocation } from "../arguments.ts";
import { withState } from "../commands/all.ts";
import type { CallerFiles } from "../caller_files.ts";
import type { CommandContext } from "../commands/command.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { type Session, tellerOf } from "../session.ts";
import { commands, exitCodes } from "../usage.ts";
import { filesWithin } from "./paths.ts";

/** What a caller wants to be run. */
export interface Wanted extends Pick<Invocation, "command" | "args" | "options"> {
  timeoutMs?: number;
}

/** What the command of a caller is given. */
export interface CallerParts extends Pick<CommandContext, "output" | "input" | "files" | "within" | "interrupted"> {
  /** Aborted when nobody waits for the command any more. */
  ended: AbortSignal;
}

/** The session of the daemon, and what its callers share. */
export class Holder {
  readonly session: Session;
  /** For programs, which name files of the daemon's machine. */
  readonly files: CallerFiles;
  readonly #timeoutMs: number;
  #isReceiving = false;

  /**
   * @param folder in which files may be read and written
   * @param timeoutMs how long calls wait for the network that do not say so, in ms
   */
  constructor(session: Session, folder: string | undefined, timeoutMs: number) {
    this.session = session;
    this.#timeoutMs = timeoutMs;
    this.files = filesWithin(folder);
  }

  /** Runs a command. @throws Failure, EngineError, StateError */
  async run(wanted: Wanted, { ended, ...parts }: CallerParts): Promise<void> {
    const { command, timeoutMs = this.#timeoutMs } = wanted;
    checkWanted(wanted);
    const session = this.session.within(timeoutMs);
    const invocation: Invocation = {
      command,
      args: wanted.args,
      options: wanted.options,
      json: true,
      help: false,
      version: false,
      statePath: "",
      timeoutMs,
      serverGiven: false,
      target: () => {
        throw wrongUsage("the daemon has its server");
      },
    };
    const release = command === "recv" ? this.#receive() : () => {};
    const unwatch = session.watch(tellerOf(parts.output));
    const work = withState[command]({ session, invocation, env: () => undefined, ...parts }).finally(() => {
      unwatch();
      release();
    });
    await untilEnded(work, ended);
  }

  /** `recv` prints each line once: two at a time would both print it. @throws Failure */
  #receive(): () => void {
    if (this.#isReceiving) {
      throw new Failure(
        exitCodes.state,
        "another recv prints what comes to this state",
        "wait until it has ended, or subscribe (docs/cli.md): there may be many subscriptions",
      );
    }
    this.#isReceiving = true;
    return () => this.#isReceiving = false;
  }
}

/** @returns why a command can not go through the daemon; undefined where it can */
export function whyAlone({ command, options }: Pick<Invocation, "command" | "options">): Failure | undefined {
  const { alone } = commands[command];
  if (alone === undefined || typeof alone === "string" && options[alone] === undefined) return undefined;
  const what = typeof alone === "string" ? `${command} --${alone}` : command;
  return new Failure(
    exitCodes.state,
    `${what} needs the state for itself, and a daemon holds it`,
    "end the daemon first (Ctrl+C, or SIGTERM)",
  );
}

/** @throws Failure for what is no command with a state, has wrong options or too few arguments */
function checkWanted({ command, args, options, timeoutMs }: Wanted): void {
  if (!Object.hasOwn(withState, command)) throw wrongUsage(`there is no command ${command} in the daemon`);
  const alone = whyAlone({ command, options });
  if (alone) throw alone;
  const known = commands[command].options ?? {};
  for (const [name, value] of Object.entries(options)) {
    const isRight = Object.hasOwn(known, name) && (known[name].value ? typeof value === "string" : value === true);
    if (!isRight) throw wrongUsage(`${command}: --${name} is not understood`, command);
  }
  checkCount(command, args);
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= 99_999_000)) {
    throw wrongUsage("--timeout: seconds, from 1", command);
  }
}

/** Waits for work, or until nobody waits for it: what the engine has taken goes on. */
async function untilEnded(work: Promise<void>, ended: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(new Failure(exitCodes.failed, "the caller has gone"));
  if (ended.aborted) end();
  ended.addEventListener("abort", end, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    ended.removeEventListener("abort", end);
  }
}
