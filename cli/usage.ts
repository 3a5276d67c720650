/** The help of qpq, made of the table of its commands, and its exit codes. */

import { commands } from "./command_table.ts";
import { globalOptions, type Option } from "./option_table.ts";

export { commands, globalOptions, type Option };

/** The exit codes of the process. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  signedOut: 3,
  offline: 4,
  state: 5,
  unfinished: 6,
  hungUp: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const;

const optionLine = ([name, { value, short, what }]: [string, Option]) =>
  `  ${`${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`.padEnd(26)}  ${what}`;
const synopsis = (name: string) => `qpq ${name}${commands[name].args ? ` ${commands[name].args}` : ""}`;

/** The exit codes in a line, for help and manual. */
export const exitCodesLine = "exit codes: 0 done, 1 failed, 2 wrong usage, 3 not signed in, 4 no connection, " +
  "5 the state can not be used, 6 recv left something undone, 130 interrupted";

/** @returns the text of `qpq --help`, or of a command's */
export function helpText(command?: string): string {
  if (command === undefined) {
    return `qpq: end-to-end encrypted group messages from a shell

usage: qpq [options] <command> …

${
      Object.entries(commands).map(([name, { what }]) =>
        `  ${synopsis(name).slice(4).padEnd(30)}  ${what.split(/[.:] |\.$/)[0]}`
      ).join("\n")
    }

options of every command:
${Object.entries(globalOptions).map(optionLine).join("\n")}

A <group> is a name or the beginning of its id; an <identity> is a username or a public key in hex.
${exitCodesLine}
A message or name that begins with a dash stands after --.

example:
  qpq register alice && qpq create-group friends && qpq invite friends bob && qpq send friends "hello"
`;
  }
  const { what, options = {}, examples } = commands[command];
  return `usage: ${synopsis(command)}

${what}

${
    Object.keys(options).length > 0
      ? `options:\n${Object.entries(options).map(optionLine).join("\n")}\n\n`
      : ""
  }options of every command:
${Object.entries(globalOptions).map(optionLine).join("\n")}

${examples.length > 1 ? "examples" : "example"}:
${examples.map((example) => `  ${example}`).join("\n")}
`;
}
