/** Reads and checks the command line and the environment. */

import { dirname, isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { fromHex } from "../schema/bytes.ts";
import type { QuicTarget } from "./transport/quic.ts";
import { type Failure, wrongUsage } from "./failure.ts";
import { commands, globalOptions, type Option } from "./usage.ts";

export interface Invocation {
  command: string;
  args: string[];
  /** Options of the command. */
  options: Record<string, string | boolean | undefined>;
  json: boolean;
  help: boolean;
  version: boolean;
  statePath: string;
  /** The folder of a state that nobody has named: it is made with the state. */
  stateFolder?: string;
  passphraseFile?: string;
  timeoutMs: number;
  /** Whether the command line itself names a server. A variable may be left from other work. */
  serverGiven: boolean;
  /** @throws Failure when the core can not be checked */
  target(): QuicTarget;
}

export type Env = (name: string) => string | undefined;

const asParseOptions = (options: Record<string, Option>) =>
  Object.fromEntries(
    Object.entries(options).map((
      [name, { value, short }],
    ) => [name, { type: value ? "string" as const : "boolean" as const, ...(short && { short }) }]),
  );

/**
 * @param argv the arguments after the program's name
 * @throws Failure with the exit code for wrong usage
 */
export function readArguments(argv: string[], env: Env): Invocation {
  const command = commandOf(argv);
  const known = { ...globalOptions, ...(command ? commands[command].options : {}) };
  const { values, positionals } = parsed(argv, known, command);
  const text = (name: string, variable?: string) =>
    (values[name] as string | undefined) ?? (variable ? env(variable) || undefined : undefined);
  const version = values.version === true;
  const help = values.help === true || command === "help";
  if (!command && !help && !version) {
    throw wrongUsage(positionals.length > 0 ? `there is no command ${positionals[0]}` : "a command is missing");
  }
  const args = positionals.slice(1);
  if (command === "help") {
    checkCount(command, args);
    if (args.length > 0 && !Object.hasOwn(commands, args[0])) throw wrongUsage(`there is no command ${args[0]}`);
  } else if (command && !help && !version) checkCount(command, args);
  const seconds = text("timeout") ?? "30";
  if (!/^\d{1,5}$/.test(seconds) || Number(seconds) === 0) throw wrongUsage("--timeout: seconds, from 1", command);
  return {
    command: (command === "help" ? args[0] : command) ?? "",
    args,
    options: values as Invocation["options"],
    json: values.json === true,
    help,
    version,
    ...stateOf(text("state", "QPQ_STATE"), env),
    ...(text("passphrase-file") !== undefined && { passphraseFile: text("passphrase-file") }),
    timeoutMs: Number(seconds) * 1000,
    serverGiven: text("server") !== undefined,
    target: () =>
      targetOf(
        text("server", "QPQ_SERVER") ?? "127.0.0.1:7443",
        text("pin", "QPQ_CORE_PIN"),
        text("ca", "QPQ_CORE_CA"),
      ),
  };
}

/** @param named by the command line or QPQ_STATE; else the launcher says where the state is (permissions.mjs) */
function stateOf(named: string | undefined, env: Env): Pick<Invocation, "statePath" | "stateFolder"> {
  if (named !== undefined) return { statePath: named };
  const statePath = env("QPQ_DEFAULT_STATE") || "qpq-state.db";
  return { statePath, ...(isAbsolute(statePath) && { stateFolder: dirname(statePath) }) };
}

/**
 * Finds the first positional that is a command. An option's value may look like a command, so the options of all
 * commands are parsed.
 */
function commandOf(argv: string[]): string | undefined {
  const all = Object.assign({}, globalOptions, ...Object.values(commands).map(({ options = {} }) => options)) as Record<
    string,
    Option
  >;
  try {
    const { positionals } = parseArgs({
      args: argv,
      options: asParseOptions(all),
      allowPositionals: true,
      strict: false,
    });
    return Object.hasOwn(commands, positionals[0] ?? "") ? positionals[0] : undefined;
  } catch {
    return undefined;
  }
}

function parsed(argv: string[], known: Record<string, Option>, command: string | undefined) {
  try {
    return parseArgs({ args: argv, options: asParseOptions(known), allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongUsage((error as Error).message.split(". ")[0], command);
  }
}

/** Checks how many arguments a command has. @throws Failure */
export function checkCount(command: string, args: string[]): void {
  const wanted = commands[command].args.split(" ").filter(Boolean);
  const least = wanted.filter((arg) => arg.startsWith("<")).length;
  const most = wanted.some((arg) => arg.includes("…")) ? Infinity : wanted.length;
  if (args.length < least) throw wrongUsage(`${command}: ${wanted.slice(args.length).join(" ")} is missing`, command);
  if (args.length > most) throw wrongUsage(`${command}: ${args[most]} is one argument too many`, command);
}

/** @returns the core of --server, and how it is checked: by --pin or --ca @throws Failure where it is not */
export function targetOf(server: string, pin: string | undefined, caFile: string | undefined): QuicTarget {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]+)):(\d{1,5})$/.exec(server);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) throw wrongUsage(`--server: ${server} is not HOST:PORT`);
  const hostname = match[1] ?? match[2];
  if (pin !== undefined) {
    if (!/^[0-9a-f]{64}$/i.test(pin)) throw wrongUsage("--pin: 64 hexadecimal digits");
    return { hostname, port, trust: { pin: fromHex(pin.toLowerCase()) } };
  }
  if (caFile === undefined) {
    throw wrongUsage("the core can not be checked: give --pin (the core prints it at its start) or --ca");
  }
  return { hostname, port, trust: { caCerts: [readText(caFile, "--ca")] } };
}

/** @param what the option that names the file @returns its text in UTF-8 @throws Failure */
function readText(file: string, what: string): string {
  return new TextDecoder().decode(readBytes(file, what));
}

/** Reads a file that an option names. @throws Failure */
export function readBytes(file: string, what: string): Uint8Array {
  try {
    return Deno.readFileSync(file);
  } catch (error) {
    throw unreadable(what, file, error);
  }
}

function unreadable(what: string, file: string, error: unknown): Failure {
  return wrongUsage(`${what}: ${file} can not be read: ${(error as Error).message}`);
}
