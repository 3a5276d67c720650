/** What a killed core costs two pages: until they are back, and how fast the messages go out that waited. */

import { register, startChat, withServers } from "./pages.mjs";

/**
 * Kills the core, writes messages into a page, starts the core again, and waits until the other page shows the last of
 * them. Both pages show their common chat.
 *
 * @param {import("@playwright/test").Page} writer
 * @param {import("@playwright/test").Page} reader
 * @param {{ kill: () => Promise<void>, start: () => Promise<void> }} core `start` resolves when it is ready
 * @param {number} count of messages
 * @param {number} round each has messages of its own
 * @returns times in ms since the core was ready: until the writer's page says "Connected", until the reader's shows
 *   the last message, and the longest task of its thread meanwhile (0: none of 50 ms or more, which the browser does
 *   not tell); the messages a second that the reader's page showed
 */
async function measureOutage(writer, reader, core, count, round) {
  const texts = `queued in round ${round}:`;
  await watchQueued(reader, texts, count);
  await core.kill();
  const writtenIn = await writer.evaluate(writeQueued, { texts, count });
  await writer.getByText(`${texts} ${count}.`, { exact: true }).first().waitFor();
  await core.start();
  const readyMs = Date.now();
  await writer.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor({ timeout: 60_000 });
  const backMs = Date.now() - readyMs;
  const { firstMs, lastMs, longestMs } = await reader.evaluate(() => globalThis.allQueued);
  return {
    count,
    writtenIn,
    backMs,
    allMs: lastMs - readyMs,
    perSecond: (count - 1) / ((lastMs - firstMs) / 1000),
    longestMs,
  };
}

/** Notes when the first message that had waited stands in the page, and the last. */
async function watchQueued(page, texts, count) {
  await page.evaluate(({ texts, last }) => {
    globalThis.allQueued = new Promise((resolve) => {
      let firstMs;
      let longestMs = 0;
      const tasks = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
      });
      new MutationObserver((records, observer) => {
        for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
          const number = node.textContent?.split(`${texts} `)[1]?.match(/^(\d+)\./)?.[1];
          if (!number) continue;
          if (firstMs === undefined) tasks.observe({ type: "longtask" });
          firstMs ??= Date.now();
          if (Number(number) !== last) continue;
          observer.disconnect();
          const lastMs = Date.now();
          // A task is told once it is over.
          setTimeout(() => {
            tasks.disconnect();
            resolve({ firstMs, lastMs, longestMs });
          }, 200);
        }
      }).observe(document.body, { childList: true, subtree: true });
    });
  }, { texts, last: count });
}

/** Runs in the page. @returns how long the page took to take the texts, in ms */
async function writeQueued({ texts, count }) {
  const startMs = performance.now();
  for (let number = 1; number <= count; number++) {
    const field = /** @type {HTMLTextAreaElement} */ (document.querySelector(".composer-input"));
    field.value = `${texts} ${number}.`;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    /** @type {HTMLButtonElement} */ (document.querySelector(".send-button")).click();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return performance.now() - startMs;
}

/** @param {number} count of messages @returns three rounds in a chat of two pages, see {@link measureOutage} */
export async function measureOutages(count = 300) {
  return await withServers(async (browser, core) => {
    const [writer, reader] = [await register(browser, "alice"), await register(browser, "bob")];
    await startChat(writer, ["bob"]);
    await reader.getByRole("link", { name: "alice" }).first().click();
    const rounds = [];
    for (let round = 1; round <= 3; round++) rounds.push(await measureOutage(writer, reader, core, count, round));
    return rounds;
  });
}
