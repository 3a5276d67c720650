/** Ticks, who has read a message, and what a user tells of itself. */

import { expect, expectWhole, signIn, test } from "./fixture.ts";
import { openMessageMenu } from "../message_menu.ts";

test("CONVERSATIONS: a message is delivered and read, and its details say by whom", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("Is it you?");
  await page.keyboard.press("Enter");
  const article = page.getByRole("article").filter({ hasText: "Is it you?" });
  await expect(article.getByRole("img", { name: "Read" })).toBeVisible();
  await expect(page.getByRole("link", { name: "alice" })).toHaveAccessibleDescription(/Yes, of course/);
  await openMessageMenu(article);
  await page.getByRole("menuitem", { name: "Info" }).click();
  await expect(page.getByRole("list", { name: "Read by" }).getByText("alice")).toBeVisible();
  await expect(page.getByRole("list", { name: "Delivered to" }).getByText("alice")).toBeVisible();
  await expectWhole(page, "the details of a message");
});

test("CONVERSATIONS: who turns read receipts off sees none", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("Is it you?");
  await page.keyboard.press("Enter");
  const article = page.getByRole("article").filter({ hasText: "Is it you?" });
  await expect(article.getByRole("img", { name: "Read" })).toBeVisible();
  await page.getByRole("button", { name: "Settings" }).click();
  const receipts = page.getByRole("switch", { name: /Read receipts/ });
  await expect(receipts).toBeChecked();
  await receipts.click();
  await expect(receipts).not.toBeChecked();
  await expect(page.getByRole("switch", { name: /Typing/ })).toBeChecked();
  await expectWhole(page, "privacy settings");
  await page.getByRole("link", { name: "alice" }).click();
  await expect(article.getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("CONVERSATIONS: the list shows what became of the newest own message", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("Just so that you know.");
  await page.keyboard.press("Enter");
  const row = page.getByRole("link", { name: "alice" });
  await expect(row).toHaveAccessibleDescription(/Sent You: Just so/);
  await page.getByRole("textbox", { name: "Message" }).fill("Is it you?");
  await page.keyboard.press("Enter");
  await expect(row).toHaveAccessibleDescription(/Delivered You: Is it you/);
  await page.getByRole("textbox", { name: "Message" }).fill("fail");
  await page.keyboard.press("Enter");
  await expect(row).toHaveAccessibleDescription(/Failed You: fail/);
});
