/** Files on their way between two browsers: from any tab, stopped, and across reloads. */

import { open } from "node:fs/promises";
import { expect, type Locator, type Page } from "@playwright/test";
import { Person } from "./person.ts";
import { test } from "./stack.ts";

async function choose(
  page: Page,
  files: string[] | { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  await page.getByRole("button", { name: "Attach" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: "File", exact: true }).click();
  await (await chooser).setFiles(files as string[]);
  await expect(page.getByRole("list", { name: "Files to send" })).toBeVisible();
  await page.getByRole("button", { name: "Send" }).click();
}

/** A file of zeros that takes no room on the disk. */
async function zeros(name: string, bytes: number): Promise<string> {
  const path = test.info().outputPath(name);
  const file = await open(path, "w");
  await file.truncate(bytes);
  await file.close();
  return path;
}

/** A message with a file of this name, however it is shown. */
const withFile = (person: Person, title: string, name: string): Locator =>
  person.log(title).getByRole("article").filter({
    has: person.page.getByText(name).or(person.page.getByRole("img", { name })),
  });

test("CONVERSATIONS: files come from any tab and survive a reload", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("first");
  await bob.openChat("alice");
  const first = alice.page;

  await test.step("from the tab that has the engine, and from another one", async () => {
    await choose(first, [{ name: "one.txt", mimeType: "text/plain", buffer: Buffer.from("one") }]);
    await expect(withFile(bob, "alice", "one.txt")).toHaveCount(1);
    const second = await alice.context.newPage();
    alice.watch(second);
    alice.page = second;
    await second.goto(stack.url);
    await alice.connected();
    await alice.openChat("bob");
    await choose(second, [{ name: "two.txt", mimeType: "text/plain", buffer: Buffer.alloc(3_000_000, "2") }]);
    await expect(withFile(bob, "alice", "two.txt")).toHaveCount(1);
    await second.close();
    alice.page = first;
  });

  await test.step("a pause outlives a reload; then the file goes on, and comes once", async () => {
    await choose(first, [await zeros("large.bin", 60_000_000)]);
    const large = withFile(alice, "bob", "large.bin");
    await large.getByRole("button", { name: "Pause" }).click();
    await expect(large.getByText(/^Paused at/)).toBeVisible();
    await first.reload();
    await alice.connected();
    await alice.openChat("bob");
    await expect(large.getByText(/^Paused at/)).toBeVisible();
    await expect(withFile(bob, "alice", "large.bin")).toHaveCount(0);
    await large.getByRole("button", { name: "Resume" }).click();
    await expect(withFile(bob, "alice", "large.bin")).toHaveCount(1);
    await expect(large.getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  });

  await test.step("a page that is closed before its files are encrypted says so when it is back", async () => {
    first.on("dialog", (dialog) => void dialog.accept());
    await choose(first, [await zeros("huge.bin", 400_000_000)]);
    await expect(withFile(alice, "bob", "huge.bin").getByText(/^(Encrypting|Getting ready)/)).toBeVisible();
    await first.reload();
    await alice.connected();
    await alice.openChat("bob");
    await expect(first.getByText("The page was closed before your files were ready")).toBeVisible();
    await first.getByRole("button", { name: "Dismiss" }).click();
    await expect(first.getByText("The page was closed before your files were ready")).toHaveCount(0);
    await expect(withFile(alice, "bob", "huge.bin")).toHaveCount(0);
  });
  expect(alice.problems).toEqual([]);
  expect(bob.problems).toEqual([]);
});
