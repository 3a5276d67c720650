import { defineConfig } from "@playwright/test";
import browser from "../browser/playwright.config.ts";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../../../scripts/test/chromium.mjs";

/** Pictures of every screen. Build first with `vite build --mode fake`; `npm run screens` does both. */
export default defineConfig({
  ...browser,
  testDir: ".",
  outputDir: "../../../test-results/screens-run",
  fullyParallel: true,
  // A voice message is recorded from the browser's own test tone.
  use: {
    ...browser.use,
    launchOptions: {
      ...headlessShell,
      args: [...headlessShell.args, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    },
  },
});
