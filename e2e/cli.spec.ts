/** A browser and `qpq` at a shell, through the real gateway and straight to the core, in one group. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { Person } from "./person.ts";
import { qpq, type QpqLine } from "./qpq.ts";
import { expect, test } from "./stack.ts";

const heard = (lines: QpqLine[]) =>
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
