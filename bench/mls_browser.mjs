/** Runs bench/mls.ts in Chromium, in a page of a secure origin that serves nothing else. */

import { chromium } from "@playwright/test";
import { createServer } from "node:http";
import { build } from "vite";
import { findProgram } from "../scripts/install.mjs";
import { root } from "../scripts/paths.mjs";

/**
 * @param {number[]} sizes of groups
 * @returns {Promise<{ bare: Record<string, number>, groups: object[] }>} µs and ms, p50
 */
export async function measureMlsInBrowser(sizes) {
  const output = await build({ configFile: false, root, logLevel: "error", build: { write: false, lib: { entry: `${root}/bench/mls.ts`, formats: ["iife"], name: "mlsBench", fileName: "mls" } } });
  const [chunk] = (Array.isArray(output) ? output[0] : output).output;
  const server = createServer((_, response) => response.end("<!doctype html>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: findProgram("chromium"), args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.address().port}/`);
    await page.addScriptTag({ content: `${chunk.code}; globalThis.mlsBench = mlsBench;` });
    const bare = await page.evaluate("mlsBench.measureBare()");
    const groups = [];
    for (const size of sizes) groups.push(await page.evaluate(`mlsBench.measureGroup(${size})`));
    return { bare, groups };
  } finally {
    await browser.close();
    server.close();
  }
}
