/** Paths of files in an invocation: the caller's folder is not the daemon's, and the daemon may use one folder alone. */

import { relative, resolve } from "node:path";
import type { Invocation } from "../arguments.ts";
import { Failure } from "../failure.ts";
import { commands, exitCodes } from "../usage.ts";

type Given = Pick<Invocation, "command" | "args" | "options">;

/** @param change of each path @returns the arguments and options of an invocation with other paths */
export function withPaths(
  { command, args, options }: Given,
  change: (path: string) => string,
): Pick<Invocation, "args" | "options"> {
  const { args: names, options: known = {} } = commands[command];
  const place = names.split(" ").indexOf("[path]");
  // A path that was not given is the present folder.
  const given = place < 0 ? args : [...args.slice(0, place), args[place] ?? "."];
  return {
    args: given.map((arg, index) => index === place ? change(arg) : arg),
    options: Object.fromEntries(
      Object.entries(options).map(([name, value]) => [
        name,
        known[name]?.value === "FILE" && typeof value === "string" ? change(value) : value,
      ]),
    ),
  };
}

/**
 * @param folder the one that the daemon may use; undefined for none
 * @param path of a file; a relative one begins there
 * @returns the absolute path
 * @throws Failure for what is not in it. Deno's permission is what keeps the daemon out; this says why
 */
export function pathWithin(folder: string | undefined, path: string): string {
  if (folder === undefined) {
    throw new Failure(exitCodes.failed, "the daemon uses no files", "start it with qpq daemon --files FOLDER");
  }
  const whole = resolve(folder, path);
  if (/^\.\.([/\\]|$)/.test(relative(folder, whole))) {
    throw new Failure(
      exitCodes.failed,
      `${whole} is not in ${folder}, the folder of the daemon's files`,
      "start it with qpq daemon --files FOLDER",
    );
  }
  return whole;
}
