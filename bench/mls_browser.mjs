/** Runs bench/mls.ts in Chromium, in a page of a secure origin that serves nothing else. */

import { chromium } from "@playwright/test";
import { createServer } from "node:http";
import { build } from "vite";
import { fullChromium } from "../scripts/test/chromium.mjs";
import { root } from "../scripts/paths.mjs";

/** @returns {Promise<string>} one script */
async function bundled(entry, name) {
  const output = /** @type {any} */ (await build({
    configFile: false,
    root,
    logLevel: "error",
    build: { write: false, lib: { entry: `${root}/${entry}`, formats: ["iife"], name, fileName: name } },
  }));
  return (Array.isArray(output) ? output[0] : output).output[0].code;
}

/**
 * @param {number[]} sizes of groups
 * @returns {Promise<{ bare: Record<string, number>, groups: any[], providers: Record<string, any>, persistence: any,
 *   threads: any[] }>} µs and ms, p50
 */
export async function measureMlsInBrowser(sizes) {
  const program = await bundled("bench/mls.ts", "mlsBench");
  const worker = await bundled("web/engine/crypto_worker.ts", "cryptoWorker");
  const server = createServer(({ url }, response) => {
    const isWorker = url === "/crypto_worker.js";
    response.setHeader("content-type", isWorker ? "text/javascript" : "text/html").end(
      isWorker ? worker : "<!doctype html>",
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const browser = await chromium.launch(fullChromium);
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${port}/`);
    await page.addScriptTag({ content: `${program}; globalThis.mlsBench = mlsBench;` });
    /** @type {Record<string, number>} */
    const bare = await page.evaluate("mlsBench.measureBare()");
    const groups = [];
    for (const size of sizes) groups.push(await page.evaluate(`mlsBench.measureGroup(${size})`));
    /** @type {Record<string, any>} */
    const providers = await page.evaluate("mlsBench.measureProviders()");
    const persistence = await page.evaluate("mlsBench.measurePersistence()");
    const threads = [];
    for (const size of sizes.filter((size) => size >= 200)) {
      threads.push({
        here: await page.evaluate(`mlsBench.measureThreads(${size})`),
        spread: await page.evaluate(`mlsBench.measureThreads(${size}, "/crypto_worker.js")`),
      });
    }
    return { bare, groups, providers, persistence, threads };
  } finally {
    await browser.close();
    server.close();
  }
}
