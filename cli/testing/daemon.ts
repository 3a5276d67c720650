/** A daemon as a process, among people who have a group. */

import assert from "node:assert/strict";
import { Core } from "./core.ts";
import { Lines } from "./lines.ts";
import { checkRecord } from "./records.ts";
import { Shell } from "./shell.ts";

/** A core, and anna and bert in the group "talk". */
export async function people(): Promise<{
  core: Core;
  shell: Shell;
  quiet(person: string, command: string): Promise<string>;
  /** Starts a daemon that holds bert's state, and waits until it listens. */
  daemon(more?: string): Promise<Deno.ChildProcess & { socket: string }>;
}> {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const { quiet } = shell;
  await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
  await quiet("anna", "qpq create-group talk && qpq invite talk bert");
  await quiet("bert", "qpq join && qpq recv");
  const daemon = async (more = "") => {
    const process = shell.start("bert", `qpq daemon --json ${more}`.trim());
    const line = await new Lines(process.stdout).next();
    assert.equal(checkRecord(line), "daemon");
    return Object.assign(process, { socket: JSON.parse(line).socket as string });
  };
  return { core, shell, quiet, daemon };
}
