/** The manual page of qpq (troff with the macros of man), made of the table of its commands. */

import { commands } from "./command_table.ts";
import { globalOptions, type Option } from "./option_table.ts";
import { exitCodesLine } from "./usage.ts";

/** A backslash, and a dot or an apostrophe at the start of a line, would be commands of troff. */
const escaped = (text: string) => text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll(/^([.'])/gm, "\\&$1");

const optionText = ([name, { value, short, what }]: [string, Option]) =>
  `.TP\n.B ${escaped(`${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`)}\n${escaped(what)}`;

/** @param version of qpq @returns the page, for `man -l` */
export function manualPage(version: string): string {
  const described = Object.entries(commands).map(([name, { args, what, options = {}, examples }]) =>
    [
      `.SS ${escaped(`${name} ${args}`.trim())}`,
      escaped(what),
      ...Object.entries(options).map(optionText),
      ".PP\n.nf",
      ...examples.map(escaped),
      ".fi",
    ].join("\n")
  );
  return `.TH QPQ 1 "" "qpq ${escaped(version)}"
.SH NAME
qpq \\- end\\-to\\-end encrypted group messages from a shell
.SH SYNOPSIS
.B qpq
[options] <command> …
.SH DESCRIPTION
${escaped("A <group> is a name or the beginning of its id; an <identity> is a username or a public key in hex.")}
${escaped("A message or name that begins with a dash stands after --.")}
.SH COMMANDS
${described.join("\n")}
.SH OPTIONS OF EVERY COMMAND
${Object.entries(globalOptions).map(optionText).join("\n")}
.SH EXIT STATUS
${escaped(exitCodesLine)}
`;
}
