/** `qpq` at a shell, with a state of its own, straight to the core. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { password } from "./person.ts";
import type { Stack } from "./stack.ts";

const launcher = fileURLToPath(new URL("../cli/qpq.mjs", import.meta.url));
const run = promisify(execFile);

/** A line of `qpq --json`. */
export interface QpqLine {
  type: string;
  text?: string;
  sender?: string;
  notice?: string;
  messageId?: string;
}

/** @returns the JSON lines of one command of `person` */
export async function qpq(stack: Stack, folder: string, person: string, ...args: string[]): Promise<QpqLine[]> {
  const env = {
    ...process.env,
    QPQ_SERVER: stack.coreAddr,
    QPQ_CORE_PIN: stack.core.ready.pin,
    QPQ_STATE: `${folder}/${person}.db`,
    QPQ_PASSWORD: password,
  };
  const { stdout } = await run(process.execPath, [launcher, "--json", ...args], { env });
  return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line) as QpqLine);
}
