/** Measures the search in Chromium: messages in IndexedDB, the encrypted index in OPFS. */

import { chromium } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { headlessShell } from "../scripts/test/chromium.mjs";
import { buildSearchProbe } from "../scripts/test/search_probe.mjs";
import { percentiles } from "./statistics.mjs";

const types =
  /** @type {Record<string, string>} */ ({ html: "text/html", js: "text/javascript", wasm: "application/wasm" });

/** Words of two to six syllables; those in front are frequent, as in a language. */
function vocabulary(count = 20_000) {
  return Array.from({ length: count }, (_, index) => {
    let rest = index + 1;
    let word = "";
    for (let syllable = 0; syllable < 2 + index % 5; syllable++) {
      word += "bcdfghjklmnpqrstvwz"[rest % 19] + "aeiou"[(rest >> 2) % 5];
      rest = (rest * 7919 + 13) % 1_000_003;
    }
    return word;
  });
}

/** @returns a generator of numbers in [0, 1) that gives the same ones each time (Park and Miller) */
function seeded() {
  let seed = 1;
  return () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
}

/**
 * @param {number} messages
 * @returns {Promise<{ messages: number, buildMs: number, query: { p50: number, p99: number }, reopenMs: number,
 *   fileBytes: number }>}
 *   `reopenMs`: opening the index in a new Worker, and 15 queries
 */
export async function measureSearch(messages = 50_000) {
  const { folder, remove } = await buildSearchProbe();
  const server = createServer(async ({ url }, response) => {
    const name = url === "/" ? "/index.html" : url ?? "";
    response.setHeader("content-type", types[name.split(".").at(-1) ?? ""] ?? "text/plain");
    response.end(await readFile(folder + name).catch(() => ""));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const browser = await chromium.launch(headlessShell);
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    const page = await browser.newPage();
    /** @type {(name: string, ...args: unknown[]) => Promise<any>} */
    const call = (name, ...args) =>
      page.evaluate(([name, args]) => /** @type {any} */ (globalThis).probe.call(name, ...args), [name, args]);
    const [random, words] = [seeded(), vocabulary()];
    const word = () => words[Math.floor(words.length * random() ** 3)];
    const text = () => Array.from({ length: 4 + Math.floor(random() * 16) }, word).join(" ");
    await page.goto(`http://localhost:${port}/`);
    await call("open");
    for (let first = 1; first <= messages; first += 1000) {
      await call("write", first, Array.from({ length: Math.min(1000, messages + 1 - first) }, text));
    }
    await call("begin");
    const buildMs = await call("complete");
    // A word, two words, and the beginning of a word, as somebody types it.
    const queries = Array.from(
      { length: 300 },
      (_, index) => [word, () => `${word()} ${word()}`, () => word().slice(0, 1 + index % 4)][index % 3](),
    );
    const times = await call("measure", queries);
    await call("close");
    const { sizes } = await call("inspect", "x");
    await page.reload();
    await call("open");
    const reopened = await call("begin");
    const first = await call("measure", queries.slice(0, 15));
    const reopenMs = first.reduce((/** @type {number} */ sum, /** @type {number} */ ms) => sum + ms, reopened);
    return { messages, buildMs, query: percentiles(times), reopenMs, fileBytes: Math.max(...sizes) };
  } finally {
    await browser.close();
    server.close();
    await remove();
  }
}
