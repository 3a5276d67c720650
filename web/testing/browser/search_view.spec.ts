/** The search in the interface, around the engine in memory. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const field = (page: Page) => page.getByRole("searchbox", { name: "Search", exact: true });
const results = (page: Page) => page.getByRole("region", { name: "Search results" });
const log = (page: Page) => page.getByRole("log", { name: "bob" });

test("CONVERSATIONS: the search finds chats, people and messages, and leads to the message", async ({ page, url }) => {
  await signIn(page, url);
  await field(page).fill("entry 1234");
  const hit = results(page).getByRole("link", { name: /Entry 1234 of the log/ });
  await expect(hit).toBeVisible();
  await expect(hit.locator("mark")).toHaveText(["Entry", "1234"]);
  await expectWhole(page, "search results");
  await hit.click();
  await expect(log(page).getByText("Entry 1234 of the log.")).toBeInViewport();
  expect(new URL(page.url()).hash).toMatch(/^#chat\/[0-9a-f]+\/message\/[0-9a-f]+$/);
  await expect(results(page), "the results stay").toBeVisible();
  await log(page).evaluate((element) => void (element.scrollTop = 0));
  await expect(log(page).getByText("Entry 1234 of the log.")).not.toBeInViewport();
  await hit.click();
  await expect(log(page).getByText("Entry 1234 of the log."), "again").toBeInViewport();

  await field(page).fill("bo");
  await expect(page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: "bob" })).toBeVisible();
  await expect(results(page).getByRole("heading", { name: "People" })).toBeVisible();
  await field(page).fill("no such words anywhere");
  await expect(results(page).getByRole("status")).toContainText("No messages");
  await field(page).press("Escape");
  await expect(field(page)).toHaveValue("");
  await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
});

test("CONVERSATIONS: a link to a message opens its chat there", async ({ page, url }) => {
  await signIn(page, url);
  await field(page).fill("entry 77 log");
  await results(page).getByRole("link", { name: /Entry 77 of the log/ }).click();
  await expect(log(page).getByText("Entry 77 of the log.")).toBeInViewport();
  await page.goBack();
  await expect(log(page)).toHaveCount(0);
  await page.goForward();
  await expect(log(page).getByText("Entry 77 of the log.")).toBeInViewport();
});

test("CONVERSATIONS: the search in a chat goes from match to match, and to a date", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "bob" }).click();
  await page.getByRole("button", { name: "Search in this chat" }).click();
  const bar = page.getByRole("search").filter({ has: page.getByRole("searchbox", { name: "Search in this chat" }) });
  await bar.getByRole("searchbox").fill('"entry 12');
  await expect(log(page).getByText("Entry 1299 of the log.")).toBeInViewport();
  await expect(bar.getByRole("status")).toHaveText("1 of 100+");
  await bar.getByRole("button", { name: "Older match" }).click();
  await expect(log(page).getByText("Entry 1298 of the log.")).toBeInViewport();
  await bar.getByRole("searchbox").press("Shift+Enter");
  await expect(bar.getByRole("status")).toHaveText("1 of 100+");
  await expectWhole(page, "search in a chat");
  await bar.getByLabel("Go to a date").fill("2020-01-01");
  await expect(log(page).getByText("Entry 1 of the log.")).toBeInViewport();
  await bar.getByRole("searchbox").press("Escape");
  await expect(bar).toHaveCount(0);
});

test("CONVERSATIONS: a search is narrowed to kinds, a person and a time", async ({ page, url, problems }) => {
  await signIn(page, url);
  await field(page).fill("bob");
  const chats = page.getByRole("navigation", { name: "Chats" }).getByRole("link");
  await expect(chats.first()).toBeVisible();
  await expect(results(page).getByRole("heading", { name: "People" })).toBeVisible();
  const kinds = page.getByRole("group", { name: "What is searched" });
  await kinds.getByRole("button", { name: "People" }).click();
  await expect(chats).toHaveCount(0);
  await expect(results(page).getByRole("heading", { name: "People" })).toBeVisible();
  await kinds.getByRole("button", { name: "Chats" }).click();
  await expect(chats.first()).toBeVisible();
  await expect(results(page).getByRole("heading")).toHaveCount(0);
  await kinds.getByRole("button", { name: "Everything" }).click();
  await field(page).fill("log");
  await expect(results(page).getByRole("link").first()).toBeVisible();
  await page.getByRole("combobox", { name: "From" }).selectOption({ label: "From you" });
  await expect(results(page).getByText("You in", { exact: false }).first()).toBeVisible();
  await expect(results(page).getByRole("heading", { name: "People" })).toHaveCount(0);
  await expectWhole(page, "a narrowed search");
  await page.setViewportSize({ width: 360, height: 700 });
  await expectWhole(page, "a narrowed search at 360 px");
  await page.getByRole("combobox", { name: "From" }).selectOption({ label: "emil" });
  await expect(results(page).getByRole("status")).toContainText("No messages");
  await field(page).press("Escape");
  await field(page).fill("log");
  await expect(page.getByRole("combobox", { name: "From" })).toHaveValue("");
  expect(problems).toEqual([]);
});
