/** Messages that disappear, around the engine in memory: who sets the time, and what is seen of it. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const row = (page: Page) => page.getByRole("combobox", { name: "Disappearing messages" });

async function details(page: Page, title: string): Promise<void> {
  await page.getByRole("link", { name: title }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  await expect(page.getByRole("region", { name: "Details" })).toBeVisible();
}

test("CONVERSATIONS: a timer is set and turned off again, and lines say so", async ({ page, url, problems }) => {
  await signIn(page, url);
  await details(page, "alice");
  await expect(row(page)).toHaveValue("");
  await row(page).selectOption({ label: "1 week" });
  const log = page.getByRole("log", { name: "alice" });
  await expect(log.getByText("You set messages to disappear after 1 week")).toBeVisible();
  await expect(row(page)).toHaveValue(String(7 * 24 * 3_600_000));
  await expectWhole(page, "a chat with a timer");
  await row(page).selectOption({ label: "Off" });
  await expect(log.getByText("You turned disappearing messages off")).toBeVisible();
  await expect(row(page)).toHaveValue("");
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: a timer is not offered where a device does not know it", async ({ page, url, problems }) => {
  await signIn(page, url);
  await details(page, "georg");
  await expect(row(page)).toHaveCount(0);
  await expect(page.getByText("Once all devices in this chat have the newest version")).toBeVisible();
  await expectWhole(page, "a chat without timers");
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: a message whose time is over goes, from the list, too", async ({ page, url, problems }) => {
  await signIn(page, url);
  await details(page, "alice");
  await row(page).selectOption({ label: "30 seconds" });
  await page.getByRole("button", { name: "Close details" }).click();
  const log = page.getByRole("log", { name: "alice" });
  await expect(log.getByText(/30 seconds/)).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("Burn this");
  await page.keyboard.press("Enter");
  const message = log.getByRole("article").filter({ hasText: "Burn this" });
  await expect(message.getByRole("img", { name: /^Disappears/ })).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("time is over");
  await page.keyboard.press("Enter");
  await expect(message).toHaveCount(0);
  await expect(page.getByRole("link", { name: "alice" })).not.toHaveAccessibleDescription(/Burn this|time is over/);
  expect(problems).toEqual([]);
});
