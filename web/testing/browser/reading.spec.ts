/** What is unread, as the reader sees it. */

import type { Page } from "@playwright/test";
import { expect, signIn, test } from "./fixture.ts";

const log = (page: Page) => page.getByRole("log", { name: "bob" });
const composer = (page: Page) => page.getByRole("textbox", { name: "Message" });
const mark = (page: Page) => log(page).getByRole("separator");
const below = (page: Page) => page.getByRole("button", { name: /new below/ });
/** The chat's row in the list, with the number of its unread messages. */
const row = (page: Page, count: number) =>
  page.getByRole("link", { name: count === 0 ? "bob" : `bob ${count} unread`, exact: true });

/** Asks something, and looks away from the end before the answer comes. */
async function askAndLookUp(page: Page): Promise<void> {
  await composer(page).fill("Are you there later?");
  await composer(page).press("Enter");
  await expect(log(page).getByText("Are you there later?")).toBeInViewport();
  await log(page).hover();
  await page.mouse.wheel(0, -1_500);
}

/** Waits until the chat has opened: it draws some rows, measures them, and is led to the newest one. */
async function atNewest(page: Page): Promise<void> {
  await expect(log(page).getByText("Entry 5000 of the log.")).toBeInViewport();
  await expect(log(page)).toHaveAttribute("aria-busy", "false");
  const moved = () =>
    log(page).evaluate(async (log) => {
      const { scrollTop, scrollHeight } = log;
      await new Promise((done) => setTimeout(done, 500));
      return log.scrollTop !== scrollTop || log.scrollHeight !== scrollHeight;
    });
  await expect.poll(moved).toBe(false);
}

test("PEOPLE B6: what comes while the reader is further up is unread until it is seen", async ({ page, url }) => {
  await signIn(page, url);
  await row(page, 0).click();
  await expect(log(page).getByText("Entry 5000 of the log.")).toBeInViewport();
  await expect(page).toHaveTitle(/^\(3\) /);
  const title = await page.title();
  await askAndLookUp(page);
  await expect(below(page)).toHaveText("1 new below");
  await expect(row(page, 1)).toBeVisible();
  await expect(page).toHaveTitle(/^\(4\) /);
  await below(page).click();
  await expect(mark(page)).toHaveCount(1);
  expect(
    await log(page).getByText("Yes, of course.").evaluate((element) =>
      element.closest("[data-row]")!.parentElement!.previousElementSibling!.querySelectorAll(".line-new").length
    ),
  ).toBe(1);
  await expect(log(page).getByText("Yes, of course.")).toBeInViewport();
  await expect(row(page, 0)).toBeVisible();
  await expect(page).toHaveTitle(title);
  await expect(mark(page), "it stays where the reader found it").toHaveCount(1);
});

test("PEOPLE B6: what a second tab reads is read in the first one, too", async ({ page, url }) => {
  await signIn(page, url);
  await row(page, 0).click();
  await askAndLookUp(page);
  await expect(row(page, 1)).toBeVisible();
  const second = await page.context().newPage();
  await second.goto(url);
  await row(second, 1).click();
  await expect(log(second).getByText("Yes, of course.")).toBeInViewport();
  await expect(row(second, 0)).toBeVisible();
  await expect(row(page, 0)).toBeVisible();
  await expect(below(page)).toHaveCount(0);
});

test("CONVERSATIONS: a row with the focus keeps it, however far the reader scrolls", async ({ page, url }) => {
  await signIn(page, url);
  await row(page, 0).click();
  await atNewest(page);
  const held = await log(page).getByText("Entry 4990 of the log.").elementHandle();
  // The row's own tab stop stands in for any button in it: what a row shows on a hover comes and goes.
  await held!.evaluate((text) => {
    (text as HTMLElement).tabIndex = -1;
    (text as HTMLElement).focus({ preventScroll: true });
  });
  for (const px of [-400, -900, -2_500, -4_000, 3_000, 1_200, -1_000]) {
    await log(page).evaluate((log, px) => log.scrollTop += px, px);
    // Two frames: the list has drawn what is in view by then.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await held!.evaluate((text) => document.activeElement === text), `after a scroll by ${px} px`).toBe(true);
  }
  const places = await log(page).locator("[data-row]").evaluateAll((rows) =>
    rows.map((row) => row.getBoundingClientRect().top)
  );
  expect(places.length).toBeLessThan(100);
  expect(places, "rows stand in the document in their order").toEqual(places.toSorted((a, b) => a - b));
});

test("CONVERSATIONS: at the newest line, a message that comes makes no other row anew", async ({ page, url }) => {
  await signIn(page, url);
  await row(page, 0).click();
  await atNewest(page);
  const send = async (words: string) => {
    await composer(page).fill(words);
    await composer(page).press("Enter");
    await expect(log(page).getByText(words)).toBeInViewport();
  };
  // The list has measured its rows, and is at rest.
  await send("The first one.");
  await page.waitForTimeout(500);
  const moved = await log(page).evaluateHandle((log) => {
    const keys: string[] = [];
    const rowIn = (node: Node) => node instanceof Element ? node.querySelector<HTMLElement>("[data-row]") : null;
    new MutationObserver((records) => {
      const nodes = records.flatMap(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes]);
      for (const node of nodes) if (rowIn(node)) keys.push(rowIn(node)!.textContent!);
    }).observe(log, { childList: true, subtree: true });
    return keys;
  });
  await send("Are you there later?");
  // The list takes itself to be at rest 150 ms after it was scrolled.
  await page.waitForTimeout(500);
  const others = (await moved.jsonValue()).filter((words) => !words.includes("Are you there later?"));
  // One row leaves at the top for each that comes.
  expect(others.length, others.join("\n")).toBeLessThanOrEqual(2);
});
