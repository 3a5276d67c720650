/** All commands of `qpq-server`: finds a command by name, parses its arguments, and reports its failure. */

import { parseArgs } from "node:util";
import { ConfigError } from "../../server-common/config.ts";
import type { ServerConfig } from "../config.ts";
import { DamagedDataError, DataInUseError, OperatorError } from "../storage/errors.ts";
import { openOperatorStore } from "../storage/open_operator_store.ts";
import { backup } from "./backup.ts";
import { check } from "./check.ts";
import { clock } from "./clock.ts";
import { type Command, exitCodes, Failure } from "./command.ts";
import { devices } from "./devices.ts";
import { health } from "./health.ts";
import { invite, invites } from "./invites.ts";
import { makeOutput } from "./output.ts";
import { rekey } from "./rekey.ts";
import { reports } from "./reports.ts";
import { restore } from "./restore.ts";
import { revoke } from "./revoke.ts";
import { status } from "./status.ts";
import { users } from "./users.ts";

/** By name, in the order of the help. */
export const commands: Record<string, Command> = {
  health,
  status,
  users,
  devices,
  revoke,
  invite,
  invites,
  reports,
  backup,
  restore,
  check,
  clock,
  rekey,
};

/**
 * @param args of the command line, the command first
 * @param config reads the configuration; not called for help
 * @param write prints whole lines to standard output
 * @returns the exit code
 * @throws Failure, ConfigError, OperatorError
 */
export async function runCommand(
  args: string[],
  config: () => ServerConfig,
  write?: (text: string) => void,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "help") {
    console.log(helpText());
    return exitCodes.ok;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Failure(exitCodes.usage, "no such command", "qpq-server --help");
  const { values, positionals } = parsed(command, rest, name);
  if (values.help) {
    console.log(helpOf(command));
    return exitCodes.ok;
  }
  const [least, most] = command.positionals;
  if (positionals.length < least || positionals.length > most) {
    throw new Failure(exitCodes.usage, `usage: qpq-server ${command.synopsis}`, `qpq-server ${name} --help`);
  }
  const found = config();
  // A command may be about to bring the database back, so that it is no error that there is none.
  if (found.damagedKey !== undefined) console.error(`qpq-server: warning: ${found.damagedKey}: the key is not UTF-8`);
  await command.run({
    config: found,
    store: openOperatorStore(found, Date.now),
    positionals,
    options: values,
    output: makeOutput(values.json === true, write),
  });
  return exitCodes.ok;
}

function parsed(
  command: Command,
  args: string[],
  name: string,
): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...command.options, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new Failure(exitCodes.usage, (error as Error).message.split("\n")[0], `qpq-server ${name} --help`);
  }
}

/** @returns any error as a failure: expected errors by their message, others with their stack */
export function failureOf(error: unknown): { message: string; hint?: string; exitCode: number } {
  if (error instanceof Failure) return error;
  if (error instanceof DataInUseError) {
    return {
      message: error.message,
      hint: error.hint ?? "stop it first, or try again when it has ended",
      exitCode: exitCodes.unavailable,
    };
  }
  if (error instanceof OperatorError) {
    const { message, hint } = error;
    return { message, hint, exitCode: error instanceof DamagedDataError ? exitCodes.damaged : exitCodes.failed };
  }
  const isExpected = error instanceof ConfigError || error instanceof Deno.errors.AddrInUse ||
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied;
  return {
    message: isExpected ? (error as Error).message : (error as Error)?.stack ?? String(error),
    exitCode: exitCodes.failed,
  };
}

function helpText(): string {
  const lines = Object.values(commands).map(({ synopsis, summary }) => `  ${synopsis}\n      ${summary}`);
  return `usage: qpq-server [COMMAND] [--json] [--help]

Without a command the server starts. Configuration: QPQ_* variables, qpq-server.toml.

${lines.join("\n")}

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 the data is in use or the server does not answer, 4 damage found.`;
}

function helpOf({ synopsis, summary, details, examples }: Command): string {
  return `usage: qpq-server ${synopsis} [--json]\n\n${summary}${details ? `\n\n${details}` : ""}\n\nexamples:\n${
    examples.map((example) => `  ${example}`).join("\n")
  }`;
}
