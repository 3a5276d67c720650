import type { Page } from "@playwright/test";
import { expect, expectWhole, password, signIn, test } from "./fixture.ts";

/** Without the dialog for files, which no test can answer, an export is a download. */
async function withoutFileDialog(page: Page): Promise<void> {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showSaveFilePicker"));
}

async function openSettings(page: Page, url: string): Promise<void> {
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
}

test("SERVERS 14: an account is deleted by its name and its password, by keyboard", async ({ page, url, problems }) => {
  await openSettings(page, url);
  await page.getByRole("button", { name: "Delete account" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Delete the account mara?" });
  await expect(dialog).toContainText("stays with those who got it");
  const name = dialog.getByRole("textbox", { name: "Your username, to confirm" });
  await expect(name).toBeFocused();
  await page.keyboard.type("marc");
  await page.keyboard.press("Enter");
  await expect(name, "another name is not enough").toHaveAttribute("aria-invalid", "true");
  await expect(name).toBeFocused();
  await name.fill("mara");
  await page.keyboard.press("Enter");
  const current = dialog.getByRole("textbox", { name: "Current password" });
  await expect(current, "nor is the name alone").toHaveAttribute("aria-invalid", "true");
  await page.keyboard.type("wrong password");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("L022");
  await expect(current).toBeFocused();
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("progressbar", { name: "Leaving your chats" })).toBeVisible();
  await expect(page.getByRole("status")).toContainText("The account mara is deleted.");
  await expect(page.getByRole("textbox", { name: "Username" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("SERVERS 14: the dialog is left with Escape, and the focus goes back", async ({ page, url, problems }) => {
  await openSettings(page, url);
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Delete account" })).toBeFocused();
  expect(problems).toEqual([]);
});

test("SERVERS 14: an export is a file of whole lines, and can be cancelled", async ({ page, url, problems }) => {
  await withoutFileDialog(page);
  await openSettings(page, url);
  const begin = page.getByRole("button", { name: "Export your data" });
  await begin.click();
  await expect(page.getByRole("progressbar", { name: "Exporting" })).toBeVisible();
  const cancel = page.getByRole("button", { name: "Cancel the export" });
  await expect(cancel, "the focus stays on the button").toBeFocused();
  await cancel.click();
  await expect(begin).toBeVisible();
  await expect(page.getByText("The file has the messages")).toHaveCount(0);
  const [download] = await Promise.all([page.waitForEvent("download"), begin.click()]);
  expect(download.suggestedFilename()).toMatch(/^quicproquo-mara-\d{4}-\d\d-\d\d\.jsonl$/);
  const stream = await download.createReadStream();
  let text = "";
  for await (const piece of stream) text += piece;
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line).type);
  expect([lines[0], lines.at(-1)]).toEqual(["quicproquo-export", "end"]);
  await expect(page.getByText("The file has the messages")).toBeVisible();
  expect(problems).toEqual([]);
});

test("SERVERS 14: an export goes into the file that was chosen, part by part", async ({ page, url, problems }) => {
  await page.addInitScript(() => {
    const written: string[] = [];
    const file = {
      write: (text: string) => Promise.resolve(void written.push(text)),
      close: () => Promise.resolve(void written.push("closed")),
      abort: () => Promise.resolve(void written.push("aborted")),
    };
    const choose = () => Promise.resolve({ createWritable: () => Promise.resolve(file) });
    Object.assign(globalThis, { written, showSaveFilePicker: choose });
  });
  await openSettings(page, url);
  await page.getByRole("button", { name: "Export your data" }).click();
  await expect(page.getByText("The file has the messages")).toBeVisible();
  const written = await page.evaluate(() => (globalThis as unknown as { written: string[] }).written);
  expect(written.length).toBeGreaterThan(3);
  expect(written.at(-1)).toBe("closed");
  expect(problems).toEqual([]);
});

test("SERVERS 14: a device of a deleted account saves what it has, and erases it", async ({ page, url, problems }) => {
  await withoutFileDialog(page);
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("deleted elsewhere");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("This account was deleted.");
  await expectWhole(page, "deleted elsewhere");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export your data" }).click(),
  ]);
  expect(download.suggestedFilename()).toContain("mara");
  await expect(page.getByRole("textbox", { name: "Username" }), "it can not be signed in to").toHaveValue("");
  await page.getByRole("button", { name: "Erase from this device" }).click();
  await expect(page.getByText("This account was deleted."), "a slip erases nothing").toHaveCount(1);
  await page.getByRole("button", { name: "Erase now" }).click();
  await expect(page.getByText("This account was deleted.")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Erase from this device" })).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("SERVERS 14: the row of an export that runs stays as narrow as it was", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await withoutFileDialog(page);
  await openSettings(page, url);
  const what = page.getByText("Account, people, chats and messages of this device");
  const before = (await what.boundingBox())!.height;
  await page.getByRole("button", { name: "Export your data" }).click();
  await expect(page.getByRole("button", { name: "Cancel the export" })).toBeVisible();
  expect((await what.boundingBox())!.height).toBeLessThanOrEqual(before * 1.5);
  expect(problems).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`SERVERS 14: your data is whole at ${width} px, ${colorScheme}`, async ({ page, url, problems }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 740 });
      await withoutFileDialog(page);
      await signIn(page, url);
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Delete account" }).scrollIntoViewIfNeeded();
      await expectWhole(page, "your data");
      await page.getByRole("button", { name: "Delete account" }).click();
      await page.getByRole("button", { name: "Delete for good" }).click();
      await expectWhole(page, "the dialog");
      expect(problems).toEqual([]);
    });
  }
}
