import { defineConfig } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../../../scripts/test/chromium.mjs";

/** The interface alone, around an engine in memory. Build it first with `vite build --mode fake`. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../../test-results/interface",
  workers: 2,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [["list"], ["json"]] : [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    actionTimeout: 60_000,
    locale: "en-GB",
    launchOptions: headlessShell,
  },
});
