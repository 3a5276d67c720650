/** What a killed core costs two pages: until they are back, and how fast the messages go out that waited. */

/**
 * Kills the core, writes messages into a page, starts the core again, and waits until the other page shows the last of
 * them. Both pages show their common chat.
 *
 * @param {import("@playwright/test").Page} writer
 * @param {import("@playwright/test").Page} reader
 * @param {{ kill: () => Promise<void>, start: () => Promise<void> }} core `start` resolves when it is ready
 * @param {number} count of messages
 * @returns times in ms since the core was ready: until the writer's page says "Connected", until the reader's shows
 *   the last message, and the longest task of its thread meanwhile (0: none of 50 ms or more, which the browser does
 *   not tell); the messages a second that the reader's page showed
 */
export async function measureOutage(writer, reader, core, count) {
  await watchQueued(reader, count);
  await core.kill();
  const writtenIn = await writer.evaluate(writeQueued, count);
  await writer.getByText(`queued ${count}.`, { exact: true }).first().waitFor();
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
async function watchQueued(page, count) {
  await page.evaluate((last) => {
    globalThis.allQueued = new Promise((resolve) => {
      let firstMs;
      let longestMs = 0;
      const tasks = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
      });
      new MutationObserver((records, observer) => {
        for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
          const number = node.textContent?.match(/queued (\d+)\./)?.[1];
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
  }, count);
}

/** Runs in the page. @returns how long the page took to take the texts, in ms */
async function writeQueued(count) {
  const startMs = performance.now();
  for (let number = 1; number <= count; number++) {
    const field = /** @type {HTMLTextAreaElement} */ (document.querySelector(".composer-input"));
    field.value = `queued ${number}.`;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    /** @type {HTMLButtonElement} */ (document.querySelector(".send-button")).click();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return performance.now() - startMs;
}
