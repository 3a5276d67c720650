/**
 * Runs scripts of commands and compares their output and exit codes (cli/testdata/*.txt):
 *
 *     alice$ qpq send friends hello      a command of the shell, with alice's state
 *     sent to friends                    its standard output
 *     ! qpq: error: …                    its standard error
 *     [4]                                what it ends with, where that is not 0
 *     * core stop                        the server dies
 *     * core start                       and is back
 *     * core frees NAME                  and gives an account's name away
 *
 * `{time}`, `{id}` (8 digits), `{hex}`, `{code}` (a recovery code), `{numbers}` (a safety number) and `{any}`
 * match parts that differ each time; `{name=hex}` stores such a part for `$name` in later lines.
 */

import assert from "node:assert/strict";
import type { RecordType } from "../records.ts";
import { checkRecord } from "./records.ts";
import type { Core } from "./core.ts";
import type { Shell } from "./shell.ts";

const shapes: Record<string, string> = {
  time: "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
  id: "[0-9a-f]{8}",
  hex: "[0-9a-f]{16,64}",
  code: "[0-9A-Z]{4}(?:-[0-9A-Z*~$=]+)+",
  numbers: "(?:\\d{5} ){11}\\d{5}",
  any: ".*",
};

/**
 * @returns the types of the printed JSON records, each of them checked
 * @throws AssertionError with the script's line
 */
export async function runScript(name: string, text: string, shell: Shell, core: Core): Promise<Set<RecordType>> {
  const types = new Set<RecordType>();
  const kept: Record<string, string> = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line === "" || line.startsWith("#")) continue;
    if (line === "* core stop") await core.stop();
    else if (line === "* core start") await core.start();
    else if (line.startsWith("* core frees ")) await core.free(line.slice("* core frees ".length));
    else {
      const [, person, command] = /^(\w+)\$ (.*)$/.exec(line) ??
        assert.fail(`${name}:${at + 1}: neither a command nor a comment: ${line}`);
      const expected = { stdout: [] as string[], stderr: [] as string[], code: 0 };
      const place = `${name}:${at + 1}: ${line}`;
      while (at + 1 < lines.length && !/^(\w+\$ |\* |#|$)/.test(lines[at + 1])) {
        const next = lines[++at];
        const code = /^\[(\d+)\]$/.exec(next);
        if (code) expected.code = Number(code[1]);
        else if (next.startsWith("! ")) expected.stderr.push(next.slice(2));
        else expected.stdout.push(next);
      }
      const got = await shell.run(person, command, kept);
      check(place, "standard error", got.stderr, expected.stderr, kept);
      check(place, "standard output", got.stdout, expected.stdout, kept);
      assert.equal(got.code, expected.code, `${place}: exit code`);
      for (const record of got.stdout.split("\n").filter((out) => out.startsWith("{"))) types.add(checkRecord(record));
    }
  }
  return types;
}

function check(place: string, stream: string, got: string, expected: string[], kept: Record<string, string>): void {
  const source = expected.map((line) => `${patternOf(line, kept)}\n`).join("");
  const found = new RegExp(`^${source}$`).exec(got);
  if (!found) assert.fail(`${place}: ${stream}:\n${got}\nand not\n${expected.join("\n")}`);
  Object.assign(kept, found.groups);
}

function patternOf(line: string, kept: Record<string, string>): string {
  return line.split(/(\{(?:\w+=)?(?:time|id|hex|code|numbers|any)\})/).map((part, index) => {
    if (index % 2 === 0) {
      return part.replaceAll(/\$(\w+)/g, (whole, name: string) => kept[name] ?? whole).replaceAll(
        /[.*+?^${}()|[\]\\]/g,
        "\\$&",
      );
    }
    const [, name, shape] = /^\{(?:(\w+)=)?(\w+)\}$/.exec(part)!;
    return name ? `(?<${name}>${shapes[shape]})` : shapes[shape];
  }).join("");
}
