import { defineConfig } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { fullChromium, headlessShell } from "../scripts/test/chromium.mjs";

/** These run in the browser that people use; the others take its engine alone, which is quicker. */
const inFullBrowser = /two people chat, a third|can be installed/;

/**
 * Two workers, for the two cores that CI has: every test starts a core and a gateway of its own, on ports of
 * its own, and waits a good part of its time. Patience costs nothing: what is late on a busy machine is no fault,
 * and what never comes is told in the end.
 */
export default defineConfig<{ transport: "WebTransport" | "HTTPS" }>({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results/e2e",
  workers: 2,
  retries: 0,
  timeout: 600_000,
  expect: { timeout: 120_000 },
  projects: [
    { name: "webtransport", grepInvert: inFullBrowser },
    { name: "chromium", grep: inFullBrowser, use: { launchOptions: fullChromium } },
    // What a user must not notice of a network that swallows UDP: the same conversations, the same faults.
    {
      name: "https",
      testMatch: ["two_people.spec.ts", "faults.spec.ts"],
      grep: /two people|killing the core/,
      use: { transport: "HTTPS" },
    },
  ],
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [["list"], ["json"]] : [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    actionTimeout: 120_000,
    screenshot: "only-on-failure",
    launchOptions: headlessShell,
  },
});
