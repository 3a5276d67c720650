/** The first steps of a new account, around the engine in memory. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, password, test } from "./fixture.ts";

const steps = (page: Page) => page.getByRole("region", { name: "Small things, whenever you like" });

async function create(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("dialog", { name: "Keep your recovery code" })).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("No chats yet")).toBeVisible();
}

test("CONVERSATIONS: a new account gets first steps that tick by themselves", async ({ page, url, problems }) => {
  await create(page, url);
  const done = steps(page).getByRole("listitem").filter({ hasText: "Done" });
  await expect(steps(page).getByRole("listitem")).toHaveCount(4);
  await expect(done).toHaveCount(1);
  await expect(done).toContainText("Keep your recovery code");
  await expectWhole(page, "first steps");
  await page.setViewportSize({ width: 360, height: 700 });
  await expectWhole(page, "first steps at 360 px");
  await steps(page).getByRole("button", { name: /Invite somebody/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make a link" }).click();
  await expect(dialog.getByRole("textbox", { name: "Invite link" })).toBeVisible();
  await expectWhole(page, "an invitation at 360 px");
  await page.keyboard.press("Escape");
  await expect(done).toHaveCount(2);
  await steps(page).getByRole("button", { name: /Add a picture and a name/ }).click();
  await page.getByRole("button", { name: "Edit profile" }).click();
  await dialog.getByRole("textbox", { name: "Name" }).fill("Mara Olsen");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Close settings" }).click();
  await expect(done).toHaveCount(3);
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: with a chat there is somebody to verify, or steps hide", async ({ page, url, problems }) => {
  await create(page, url);
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByRole("combobox").fill("hanna-lu");
  await page.getByRole("option", { name: "Start a chat with hanna-lu" }).click();
  await steps(page).getByRole("button", { name: /Compare safety numbers with hanna-lu/ }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await steps(page).getByRole("button", { name: "Hide this list" }).click();
  await expect(steps(page)).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.getItem("qpq-first-steps"))).toBeNull();
  expect(problems).toEqual([]);
});
