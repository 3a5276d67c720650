/** Invite links, requests to join, blocking and reports. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, password, signIn, test } from "./fixture.ts";

const dialog = (page: Page) => page.getByRole("dialog");

test("CONVERSATIONS: a link's secret leaves the address before all else loads", async ({ page, url, problems }) => {
  const seen: { url: string; referer: string | undefined }[] = [];
  page.on("request", (request) => seen.push({ url: request.url(), referer: request.headers()["referer"] }));
  await page.addInitScript(() => {
    // The address as each script of the page finds it, and as each request is sent.
    const found = (window as unknown as { found: string[] }).found = [] as string[];
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) {
          const isResource = node instanceof HTMLLinkElement ||
            (node instanceof HTMLScriptElement && node.type === "module");
          if (isResource) found.push(location.href);
        }
      }
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${url}/#/i/SECRET-of-the-link`);
  await expect(page.getByText("You have an invitation.")).toBeVisible();
  expect(page.url()).toBe(`${url}/`);
  const found = await page.evaluate(() => (window as unknown as { found: string[] }).found);
  expect(found.length).toBeGreaterThan(2);
  expect(found.filter((address) => address.includes("SECRET"))).toEqual([]);
  const order = seen.map((request) => new URL(request.url).pathname);
  expect(order.slice(0, 2)).toEqual(["/", "/invite.js"]);
  expect(seen.slice(1).filter((request) => `${request.url} ${request.referer}`.includes("SECRET"))).toEqual([]);
  expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: an invitation goes on after the account was made, and opens the chat", async ({ page, url }) => {
  await page.goto(`${url}/#/i/some-link`);
  await page.getByRole("textbox", { name: "Username" }).fill("newcomer");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await dialog(page).getByRole("button", { name: "Continue" }).click();
  await expect(dialog(page).getByText("bob would like to talk to you.")).toBeVisible();
  await expectWhole(page, "an invitation");
  await dialog(page).getByRole("button", { name: "Open the chat" }).click();
  await expect(page.getByRole("heading", { name: "bob" })).toBeVisible();
  await page.reload();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("CONVERSATIONS: each state of a link is said, also while the app runs", async ({ page, url }) => {
  await signIn(page, url);
  for (
    const [code, title] of [
      ["own-link", "This is your own link"],
      ["link-that-is-over", "This invitation is over"],
      ["unknown-link", "This invitation leads nowhere"],
      ["blocked-link", "You have blocked this person"],
    ]
  ) {
    await page.evaluate((code) => void (location.hash = `#/i/${code}`), code);
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
    expect(page.url()).not.toContain(code);
    await page.keyboard.press("Escape");
    await expect(dialog(page)).toHaveCount(0);
  }
  await page.evaluate(() => void (location.hash = "#/i/group-link"));
  await dialog(page).getByRole("textbox").fill("It is me, Mara");
  await dialog(page).getByRole("button", { name: "Ask to join" }).click();
  await expect(dialog(page).getByText("bob has your request.", { exact: false })).toBeVisible();
});

test("CONVERSATIONS: a link is made, shown and made invalid at 360 px", async ({ page, url }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, url);
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("button", { name: "Invite by link or QR code" }).focus();
  await page.keyboard.press("Enter");
  await dialog(page).getByRole("combobox", { name: "Ends after" }).selectOption("1 day");
  await dialog(page).getByRole("button", { name: "Make a link" }).click();
  await expect(dialog(page).getByRole("img", { name: "QR code of the invite link" })).toBeVisible();
  expect(await dialog(page).getByRole("textbox", { name: "Invite link" }).inputValue()).toContain(`${url}/#/i/`);
  await expectWhole(page, "an invite link");
  await dialog(page).getByRole("button", { name: "Make the link invalid: 1 of 1, until" }).click();
  await expect(dialog(page).getByRole("button", { name: "Make a link" })).toBeVisible();
  await expect(dialog(page).getByRole("button", { name: "Make the link invalid" })).toHaveCount(0);
});

test("CONVERSATIONS: an admin makes a link into the group and lets in who asks", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: "Invite by link or QR code" }).click();
  await dialog(page).getByRole("button", { name: "Make a link" }).click();
  await dialog(page).getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("hanna-lu asks to join")).toBeVisible();
  await expectWhole(page, "a request to join");
  await page.getByRole("button", { name: "Let hanna-lu in" }).click();
  await expect(page.getByText("hanna-lu asks to join")).toHaveCount(0);
});

test("CONVERSATIONS: a person is blocked in the details and unblocked in the settings", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: "Block alice" }).click();
  await dialog(page).getByRole("button", { name: "Block alice" }).click();
  await expect(page.getByText("You have blocked alice.")).toBeVisible();
  await page.getByRole("button", { name: "Settings" }).click();
  await expect(page.getByRole("button", { name: "Unblock alice" })).toBeVisible();
  await page.getByRole("radio", { name: "People whom I invite" }).check();
  await expectWhole(page, "privacy");
  await page.getByRole("button", { name: "Unblock alice" }).click();
  await expect(page.getByText("You have blocked nobody.")).toBeVisible();
});

test("CONVERSATIONS: a report needs a reason, and shows the messages that one chooses", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: "Report alice" }).click();
  await expect(dialog(page).getByRole("button", { name: "Send report" })).toBeDisabled();
  await dialog(page).getByRole("checkbox").first().check();
  await dialog(page).getByRole("textbox", { name: "What happened" }).fill("Rude");
  await expectWhole(page, "a report");
  await dialog(page).getByRole("button", { name: "Send report" }).click();
  await expect(dialog(page).getByText("The report was sent.")).toBeVisible();
});

test("CONVERSATIONS: the note to self opens from a new chat", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("button", { name: "Note to self" }).click();
  await expect(page.getByRole("heading", { name: "Note to self" })).toBeVisible();
});
