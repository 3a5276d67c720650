import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();

/**
 * Two workers, for the two cores that CI has: every test starts a core and a gateway of its own, on ports of
 * its own, and waits a good part of its time.
 */
export default defineConfig<{ transport: "WebTransport" | "HTTPS" }>({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results/e2e",
  workers: 2,
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  projects: [
    { name: "webtransport" },
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
    actionTimeout: 30_000,
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
