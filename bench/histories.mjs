/**
 * Large histories in Chromium: how long the app takes to its list of chats without a network, and to the newest rows of
 * a chat, with the app's files in the service worker's cache.
 */

import { pageProgram } from "./page_program.mjs";
import { emptyUrl, register, startChat, url, withServers } from "./pages.mjs";
import { percentiles } from "./statistics.mjs";

const largeHistory = { chats: 50, count: 1000, longCount: 50_000, samples: 10 };

/** The server gives an account no more KeyPackages of a device in a day (docs/limits.md). */
const groupsOfPair = 18;

/** Begins a chat with "bob", and groups with pairs of others. */
export async function startChats(browser, page, count) {
  await register(browser, "bob");
  await startChat(page, ["bob"]);
  for (let first = 1; first < count; first += groupsOfPair) {
    const names = [`carol${first}`, `dora${first}`];
    const pages = [await register(browser, names[0]), await register(browser, names[1])];
    for (let index = first; index < Math.min(count, first + groupsOfPair); index++) {
      await startChat(page, names, `Group ${index}`);
    }
    for (const other of pages) await other.context().close();
  }
}

/** Notes, from the start of each page on, when something first stood in it and the frame after that had been made. */
function noteFirst() {
  globalThis.firstOf = (/** @type {string} */ selector) =>
    new Promise((resolve) => {
      const look = () => {
        if (!document.querySelector(selector)) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { childList: true, subtree: true });
      look();
    });
  globalThis.listShown = globalThis.firstOf("a[href^='#chat/']");
}

/** Runs in the page. @returns ms from its start until the engine told its list */
async function engineList() {
  const marks = () => performance.getEntriesByName("list of the engine");
  while (marks().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  return marks()[0].startTime;
}

/**
 * @param {typeof largeHistory} [history] how large the profile is, and how often it is opened
 * @returns ms from the page's start to the list of chats and to the engine's own, and from the press on a chat to its
 *   rows
 */
export async function measureHistories(history = largeHistory) {
  return await withServers(async (browser) => {
    const alice = await register(browser, "alice");
    await startChats(browser, alice, history.chats);
    return await measureOpening(alice, history);
  });
}

/** @param {import("@playwright/test").Page} page */
async function measureOpening(page, { count, longCount, samples }) {
  const hrefs = await page.getByRole("link", { name: "bob" }).first().getAttribute("href");
  const longChat = /[0-9a-f]{64}/.exec(hrefs ?? "")?.[0] ?? "";
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.goto(emptyUrl);
  const program = await pageProgram("filled_profile_page.ts");
  const fill = `(() => { ${program}; return program.fill("${longChat}", ${longCount}, ${count}); })()`;
  const filled = await page.evaluate(fill);
  await page.addInitScript(noteFirst);
  await page.context().setOffline(true);
  const times = /** @type {Record<"start" | "engine" | "open", number[]>} */ ({ start: [], engine: [], open: [] });
  for (let sample = 0; sample < samples + 1; sample++) {
    await page.goto(url);
    const startMs = await page.evaluate(() => globalThis.listShown);
    const engineMs = await page.evaluate(engineList);
    await page.getByRole("link", { name: /^Group 1\b/ }).first().click();
    await page.getByRole("log", { name: "Group 1" }).getByRole("article").first().waitFor();
    // The engine is at rest: the search's index and what else begins with the app.
    await page.waitForTimeout(2000);
    const openMs = await page.evaluate(async (id) => {
      const link = /** @type {HTMLElement} */ (document.querySelector(`a[href="#chat/${id}"]`));
      const before = performance.now();
      link.click();
      await globalThis.firstOf("[role=log][aria-label=bob] article");
      return performance.now() - before;
    }, longChat);
    // The first start fills the browser's caches of code.
    if (sample === 0) continue;
    times.start.push(startMs);
    times.engine.push(engineMs);
    times.open.push(openMs);
  }
  await page.context().setOffline(false);
  const [start, engine, open] = [times.start, times.engine, times.open].map(percentiles);
  return { chats: filled, count, longCount, start, engine, open };
}
