import { defineConfig } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../test/chromium.mjs";

/** Each test goes on where the one before it left the containers. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results/containers",
  workers: 1,
  retries: 0,
  timeout: 600_000,
  expect: { timeout: 120_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [["list"], ["json"]] : [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    actionTimeout: 30_000,
    launchOptions: headlessShell,
  },
});
