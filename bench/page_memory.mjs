/** The memory of a page of Chromium: of the process that draws it and runs its workers. Linux. */

import { readFileSync } from "node:fs";

/** Long enough to stand out beside what other pages do. */
const busyMs = 500;
const sampleMs = 100;

/**
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<number>} the process of a page: the one that works while the page does
 */
export async function processOf(page) {
  const browser = /** @type {import("@playwright/test").Browser} */ (page.context().browser());
  const session = await browser.newBrowserCDPSession();
  const times = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return new Map(processInfo.filter(({ type }) => type === "renderer").map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await page.evaluate((forMs) => {
    for (const endMs = performance.now() + forMs; performance.now() < endMs;);
  }, busyMs);
  const worked = [...await times()].map(([id, seconds]) => ({ id, seconds: seconds - (before.get(id) ?? 0) }));
  await session.detach();
  return worked.sort((one, other) => other.seconds - one.seconds)[0].id;
}

/** @returns MiB that the process alone holds, written to or not (`smaps_rollup`); swapped memory is not counted */
export function privateMiB(/** @type {number} */ pid) {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm);
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0) / 1024;
}

/** @returns a look at that memory again and again, which ends with the most that was seen, in MiB */
export function watchMemory(/** @type {number} */ pid) {
  let most = privateMiB(pid);
  const timer = setInterval(() => most = Math.max(most, privateMiB(pid)), sampleMs);
  return () => {
    clearInterval(timer);
    return Math.max(most, privateMiB(pid));
  };
}
