import { readFile } from "node:fs/promises";
import type { Download, Page } from "@playwright/test";
import { leftIn } from "./left_in_browser.ts";
import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";

/** Without the dialog for files, which no test can answer, an export is a download. */
async function withoutFileDialog(person: Person): Promise<void> {
  await person.context.addInitScript(() => Reflect.deleteProperty(globalThis, "showSaveFilePicker"));
  await person.page.reload();
}

async function exported(page: Page): Promise<Record<string, unknown>[]> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export your data" }).click(),
  ]) as [Download, void];
  const text = await readFile(await download.path(), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test("SERVERS 14: a user exports the data and deletes the account; all others see it", async ({ browser, stack }) => {
  const [alice, bob] = [await Person.open(browser, stack.url, "alice"), await Person.open(browser, stack.url, "bob")];
  await alice.createAccount();
  await bob.createAccount();
  const phone = await Person.open(browser, stack.url, "alice");
  for (const device of [alice, phone]) await withoutFileDialog(device);
  await bob.startChat(["alice"]);
  await alice.openChat("bob");
  await alice.send("what alice wrote\nin two lines");
  await expect(bob.message("alice", "what alice wrote")).toBeVisible();
  await bob.send("what bob wrote");
  await expect(alice.message("bob", "what bob wrote")).toBeVisible();
  await phone.signIn();
  await phone.connected();
  await phone.openChat("bob");
  await alice.send("for the phone, too");
  await expect(phone.message("bob", "for the phone, too")).toBeVisible();

  await alice.page.getByRole("button", { name: "Settings" }).click();
  const lines = await exported(alice.page);
  expect([lines[0].type, lines.at(-1)]).toEqual(["quicproquo-export", { type: "end", chats: 1, messages: 3 }]);
  expect(lines.filter(({ type }) => type === "message").map(({ sender, text }) => `${sender}: ${text}`)).toEqual([
    "alice: what alice wrote\nin two lines",
    "bob: what bob wrote",
    "alice: for the phone, too",
  ]);

  await alice.page.getByRole("button", { name: "Delete account" }).click();
  const dialog = alice.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Your username, to confirm" }).fill("alice");
  const current = dialog.getByRole("textbox", { name: "Current password" });
  await current.fill("not the password of alice");
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(dialog.getByRole("alert")).toContainText("L022");
  await current.fill(password);
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(alice.page.getByRole("status").filter({ hasText: "The account alice is deleted." })).toBeVisible();
  expect((await leftIn(alice.page)).records).toBe(0);
  expect((await leftIn(alice.page)).names.filter((name) => /sentinel|device|draft/.test(name))).toEqual([]);

  await expect(phone.page.getByRole("alert")).toContainText("This account was deleted.");
  const kept = await exported(phone.page);
  expect(kept.some(({ text }) => text === "for the phone, too")).toBe(true);
  await phone.page.reload();
  await expect(phone.page.getByRole("alert")).toContainText("This account was deleted.");
  await phone.page.getByRole("button", { name: "Erase from this device" }).click();
  await phone.page.getByRole("button", { name: "Erase now" }).click();
  await expect(phone.page.getByText("This account was deleted.")).toHaveCount(0);
  expect((await leftIn(phone.page)).records).toBe(0);

  await expect(bob.log("alice").getByText(/alice left/)).toBeVisible();
  await phone.page.getByRole("textbox", { name: "Username" }).fill("alice");
  await phone.page.getByRole("textbox", { name: "Password" }).fill(password);
  await phone.page.getByRole("button", { name: "Create account" }).click();
  await expect(phone.page.getByRole("alert")).toContainText("E007");
  for (const { problems } of [alice, bob, phone]) expect(problems).toEqual([]);
});
