/**
 * What a killed core costs two pages: until they are back, and how fast the messages go out that waited. And how fast a
 * page shows what waited for it alone, while its chat is open.
 */

import { processOf } from "./page_memory.mjs";
import { connected, emptyUrl, register, startChat, url, withServers } from "./pages.mjs";

/** Marks in the trace of the reading page. */
const [firstMark, lastMark] = ["first of the queued", "last of the queued"];

/**
 * Kills the core, writes messages into a page, starts the core again, and waits until the other page shows the last of
 * them. Both pages show their common chat.
 *
 * @param {import("@playwright/test").Page} writer
 * @param {import("@playwright/test").Page} reader
 * @param {{ kill: () => Promise<void>, start: () => Promise<void> }} core `start` resolves when it is ready
 * @param {number} count of messages
 * @param {number} round each has messages of its own
 * @param {number} pid process of the reader's page
 * @returns times in ms since the core was ready: until the writer's page says "Connected", until the reader's shows
 *   the last message; its longest task meanwhile, by the clock and in time of a processor; the messages a second that
 *   it showed
 */
async function measureOutage(writer, reader, core, count, round, pid) {
  const texts = `queued in round ${round}:`;
  await watchQueued(reader, texts, count);
  await core.kill();
  const writtenIn = await writer.evaluate(writeQueued, { texts, count });
  await writer.getByText(`${texts} ${count}.`, { exact: true }).first().waitFor();
  const endTrace = await traceTasks(reader, pid);
  await core.start();
  const readyMs = Date.now();
  await writer.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor({ timeout: 60_000 });
  const backMs = Date.now() - readyMs;
  const { lastMs, perSecond } = await reader.evaluate(() => globalThis.allQueued);
  const longest = await endTrace();
  return { count, writtenIn, backMs, allMs: lastMs - readyMs, perSecond, ...longest };
}

/**
 * The reader's page goes away, messages are sent to it, and it comes back with the chat open before there is a core
 * again. The writer's page does nothing meanwhile, so that the machine is the reader's, the gateway's and the core's.
 *
 * @param {import("@playwright/test").Page} writer
 * @param {import("@playwright/test").Page} reader
 * @param {{ kill: () => Promise<void>, start: () => Promise<void> }} core
 * @param {number} count of messages
 * @param {number} round
 * @param {number} pid process of the reader's page
 * @returns the messages a second that it showed, from the first on; its longest task meanwhile
 */
async function measureReturn(writer, reader, core, count, round, pid) {
  const texts = `waiting in round ${round}:`;
  const { hash } = new URL(reader.url());
  await reader.goto(emptyUrl);
  await writer.evaluate(writeQueued, { texts, count });
  const last = writer.getByRole("article").filter({ hasText: `${texts} ${count}.` });
  await last.getByRole("img", { name: /^(Sent|Delivered|Read)$/ }).waitFor({ timeout: 120_000 });
  await core.kill();
  await reader.goto(`${url}/${hash}`);
  await reader.getByRole("log").getByRole("article").first().waitFor();
  await watchQueued(reader, texts, count);
  const endTrace = await traceTasks(reader, pid);
  await core.start();
  const { perSecond } = await reader.evaluate(() => globalThis.allQueued);
  const longest = await endTrace();
  await connected(reader);
  return { count, perSecond, ...longest };
}

/**
 * Follows the tasks of a page's thread. The browser tells a page how long a task was by the clock alone, which counts
 * what other processes do meanwhile.
 *
 * @returns ends it; gives the longest task between the two marks, in ms
 */
async function traceTasks(page, pid) {
  const session = await page.context().newCDPSession(page);
  /** @type {any[]} */
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const includedCategories = ["toplevel", "blink.user_timing", "__metadata"];
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories } });
  return async () => {
    const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    await complete;
    await session.detach();
    const own = events.filter((event) => event.pid === pid);
    const markedUs = (mark) => own.find(({ name }) => name === mark).ts;
    const thread = own.find(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").tid;
    const tasks = own.filter(({ name, tid, ts, dur }) =>
      name === "ThreadControllerImpl::RunTask" && tid === thread && ts + dur >= markedUs(firstMark) &&
      ts <= markedUs(lastMark)
    );
    return {
      longestMs: Math.max(...tasks.map(({ dur }) => dur)) / 1000,
      longestCpuMs: Math.max(...tasks.map(({ tdur }) => tdur)) / 1000,
    };
  };
}

/** Notes when the first message that had waited stands in the page, and the last. */
async function watchQueued(page, texts, count) {
  await page.evaluate(({ texts, last, marks }) => {
    globalThis.allQueued = new Promise((resolve) => {
      /** @type {{ ms: number, number: number } | undefined} */
      let first;
      for (const mark of marks) performance.clearMarks(mark);
      new MutationObserver((records, observer) => {
        for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
          const number = node.textContent?.split(`${texts} `)[1]?.match(/^(\d+)\./)?.[1];
          if (!number) continue;
          if (!first) performance.mark(marks[0]);
          first ??= { ms: Date.now(), number: Number(number) };
          if (Number(number) !== last) continue;
          observer.disconnect();
          performance.mark(marks[1]);
          const lastMs = Date.now();
          resolve({ lastMs, perSecond: (last - first.number) / ((lastMs - first.ms) / 1000) });
        }
      }).observe(document.body, { childList: true, subtree: true });
    });
  }, { texts, last: count, marks: [firstMark, lastMark] });
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

/**
 * @param {number} count of messages
 * @returns rounds in a chat of two pages, see {@link measureOutage} and {@link measureReturn}
 */
export async function measureOutages(count = 300) {
  return await withServers(async (browser, core) => {
    const [writer, reader] = [await register(browser, "alice"), await register(browser, "bob")];
    await startChat(writer, ["bob"]);
    await reader.getByRole("link", { name: "alice" }).first().click();
    const pid = await processOf(reader);
    const rounds = /** @type {Awaited<ReturnType<typeof measureOutage>>[]} */ ([]);
    const returns = /** @type {Awaited<ReturnType<typeof measureReturn>>[]} */ ([]);
    for (let round = 1; round <= 3; round++) {
      rounds.push(await measureOutage(writer, reader, core, count, round, pid));
    }
    for (let round = 1; round <= 3; round++) {
      returns.push(await measureReturn(writer, reader, core, count, round, pid));
    }
    return { rounds, returns };
  });
}
