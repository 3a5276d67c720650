/** A browser and `qpq` at a shell, through the real gateway and straight to the core, in one group. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { password, Person } from "./person.ts";
import { expect, type Stack, test } from "./stack.ts";

const launcher = fileURLToPath(new URL("../cli/qpq.mjs", import.meta.url));
const run = promisify(execFile);

interface Line {
  type: string;
  text?: string;
  sender?: string;
  notice?: string;
}

/** @returns the JSON lines of one command of `person` */
async function qpq(stack: Stack, folder: string, person: string, ...args: string[]): Promise<Line[]> {
  const env = {
    ...process.env,
    QPQ_SERVER: stack.coreAddr,
    QPQ_CORE_PIN: stack.core.ready.pin,
    QPQ_STATE: `${folder}/${person}.db`,
    QPQ_PASSWORD: password,
  };
  const { stdout } = await run(process.execPath, [launcher, "--json", ...args], { env });
  return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line);
}

const heard = (lines: Line[]) =>
  lines.filter(({ type }) => type === "message").map(({ sender, text }) => `${sender}: ${text}`);

test("people in a browser and at a shell share a group, and part", async ({ browser, stack }) => {
  const folder = mkdtempSync(`${tmpdir()}/qpq-e2e-cli-`);
  try {
    const bob = (...args: string[]) => qpq(stack, folder, "bob", ...args);
    const alice = await Person.open(browser, stack.url, "alice");
    await Promise.all([
      alice.createAccount(),
      bob("register", "bob").then(() => qpq(stack, folder, "carol", "register", "carol")),
    ]);
    await alice.startChat(["bob", "carol"], "mixed");
    await alice.send("hello shell");
    await alice.allSent("mixed", /hello shell/);
    expect((await bob("join")).map(({ type }) => type)).toEqual(["joined"]);
    expect(heard(await bob("recv"))).toEqual(["alice: hello shell"]);
    expect((await bob("send", "mixed", "hello browser"))[0].type).toBe("sent");
    await expect(alice.message("mixed", "hello browser")).toBeVisible();
    // The other way round: a group that the shell made.
    await bob("create-group", "made at a shell");
    await bob("invite", "made at a shell", "alice");
    await bob("send", "made at a shell", "welcome");
    await alice.openChat("made at a shell");
    await expect(alice.message("made at a shell", "welcome")).toBeVisible();
    await bob("remove", "made at a shell", "alice");
    await bob("send", "made at a shell", "alone again");
    await expect(alice.page.getByText("You are no longer in this chat.")).toBeVisible();
    await expect(alice.message("made at a shell", "alone again")).toHaveCount(0);
    expect(alice.problems).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
