/** The list of chats: search, filters, and what the user decides about a chat. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const list = (page: Page) => page.getByRole("navigation", { name: "Chats" });
const row = (page: Page, name: string | RegExp) => list(page).getByRole("link", { name });
const first = (page: Page) => list(page).getByRole("link").first();

/** Opens a chat's menu by keyboard or mouse, and chooses. */
async function choose(page: Page, name: string, ...choices: string[]): Promise<void> {
  await list(page).getByRole("listitem").filter({ has: page.getByRole("link", { name }) })
    .getByRole("button", { name: "Chat actions" }).focus();
  await page.keyboard.press("Enter");
  for (const choice of choices) await page.getByRole("menuitem", { name: choice, exact: true }).click();
}

test("CONVERSATIONS: chats are searched and filtered at once", async ({ page, url, problems }) => {
  await signIn(page, url);
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.fill("CHOIR");
  await expect(list(page).getByRole("link")).toHaveCount(1);
  await search.press("Escape");
  await page.getByRole("button", { name: "Unread", exact: true }).click();
  await expect(list(page).getByRole("link")).toHaveCount(2);
  await search.fill("nobody here");
  await expect(page.getByRole("region", { name: "Search results" }).getByText(/nobody here/)).toBeVisible();
  await page.getByRole("button", { name: "Chats", exact: true }).click();
  await expect(list(page).getByText("No chat here")).toBeVisible();
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: a chat is pinned, moved, muted, archived, marked and deleted", async ({ page, url, problems }) => {
  await signIn(page, url);
  await choose(page, "georg", "Pin");
  await expect(first(page)).toHaveAccessibleName(/^georg .*Pinned/);
  await choose(page, "bob", "Pin");
  await choose(page, "bob", "Move up");
  await expect(first(page)).toHaveAccessibleName(/^bob/);
  await choose(page, "bob", "Mute", "For a week");
  await expect(row(page, /^bob .*Muted/)).toBeVisible();
  await choose(page, "bob", "Mark as unread");
  await expect(row(page, /^bob .*Marked as unread/)).toBeVisible();
  await expectWhole(page, "the list with marks");
  await row(page, /^bob/).click();
  await expect(row(page, /Marked as unread/)).toHaveCount(0);
  await choose(page, "georg", "Archive");
  await expect(row(page, "georg")).toHaveCount(0);
  await page.getByRole("button", { name: "Archived", exact: true }).click();
  await expect(row(page, "georg")).toBeVisible();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await choose(page, "bob", "Delete chat");
  const dialog = page.getByRole("dialog", { name: "Delete “bob” on this device?" });
  await dialog.getByRole("button", { name: "Delete chat" }).click();
  await expect(row(page, /^bob/)).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: a pinned chat is dragged before another one, and only there", async ({ page, url, problems }) => {
  await signIn(page, url);
  for (const name of ["georg", "bob", "alice"]) await choose(page, name, "Pin");
  const names = () =>
    list(page).getByRole("link").evaluateAll((rows) =>
      rows.slice(0, 3).map((row) => row.querySelector(".chat-row-title")!.textContent)
    );
  await expect.poll(names).toEqual(["georg", "bob", "alice"]);
  await row(page, /^alice/).dragTo(row(page, /^georg/));
  await expect.poll(names).toEqual(["alice", "georg", "bob"]);
  await row(page, /^alice/).dragTo(row(page, /^bob/));
  await expect.poll(names).toEqual(["georg", "alice", "bob"]);
  // A chat that is not pinned can not be dragged, and takes nothing.
  const unpinned = list(page).getByRole("listitem").filter({ has: page.getByRole("link", { name: /^Choir/ }) });
  await expect(unpinned).toHaveAttribute("draggable", "false");
  await row(page, /^alice/).dragTo(row(page, /^Choir/));
  await expect.poll(names).toEqual(["georg", "alice", "bob"]);
  await expect(list(page)).toBeVisible();
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: focus and an open menu stay with a row that moves", async ({ page, context, url, problems }) => {
  await signIn(page, url);
  const actions = (name: string) =>
    list(page).getByRole("listitem").filter({ has: page.getByRole("link", { name }) })
      .getByRole("button", { name: "Chat actions" });
  await choose(page, "georg", "Pin");
  await expect(first(page)).toHaveAccessibleName(/^georg/);
  await expect(actions("georg")).toBeFocused();
  // Another tab changes the places while a menu is open here.
  const other = await context.newPage();
  await other.goto(url);
  await expect(row(other, "bob")).toBeVisible();
  await actions("bob").press("Enter");
  await expect(page.getByRole("menuitem", { name: "Pin", exact: true })).toBeFocused();
  await choose(other, "bob", "Pin");
  await choose(other, "bob", "Move up");
  await expect(first(page)).toHaveAccessibleName(/^bob/);
  await page.getByRole("menuitem", { name: "Move down", exact: true }).click();
  await expect(first(page)).toHaveAccessibleName(/^georg/);
  await expect(actions("bob")).toBeFocused();
  expect(problems).toEqual([]);
});
