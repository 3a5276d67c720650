/** A group of 200 in a browser: adding them shows how far it is, the page stays free, and the conversation works. */

import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
// @ts-ignore: plain JavaScript with JSDoc types
import { deno, root } from "../scripts/paths.mjs";
import { password, Person } from "./person.ts";
import { expect, Stack, test as base } from "./stack.ts";

const people = Array.from({ length: 198 }, (_, index) => `person${String(index + 1).padStart(3, "0")}`);
/**
 * The work for 200 people is computing for most of the time that the chat takes to make: on the page's thread it
 * would be one task of that length. What the page does itself stays far below this share, also where a busy machine
 * stops the page in the middle of a task.
 */
const largestShare = 1 / 4;
const flags = ["run", "--quiet", "-A", "--unstable-net", "--no-check"];

/** A stack whose core knows 198 people from before its start. */
const test = base.extend<{ stack: Stack }>({
  stack: async ({}, use, info) => {
    const stack = new Stack();
    try {
      execFileSync(deno, [...flags, `${root}/e2e/testing/seed_people.ts`, `${stack.dataDir}/core`, ...people], {
        cwd: root,
        stdio: "inherit",
      });
      await stack.start();
      await use(stack);
    } finally {
      await stack.stop();
      if (info.status !== info.expectedStatus) {
        await info.attach("server logs", { body: stack.logs.slice(-400).join("\n") });
      }
    }
  },
});

/** Notes every long task of the page, and every count that its progress shows. */
function watch(): void {
  const seen = { longestMs: 0, counts: [] as number[] };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestMs = Math.max(seen.longestMs, duration);
  }).observe({ type: "longtask" });
  new MutationObserver(() => {
    const shown = document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow");
    if (shown != null && seen.counts.at(-1) !== Number(shown)) seen.counts.push(Number(shown));
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-valuenow"] });
}

test("a group of 200 is made in a browser with progress, on a free page", async ({ browser, stack }) => {
  const bob = spawn(deno, [
    ...flags,
    `${root}/e2e/testing/member.ts`,
    "bob",
    stack.coreAddr,
    `${stack.dataDir}/core/core-cert.pem`,
    password,
  ], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: bob.stdout }).on(
        "line",
        (line) => line === "ready" ? resolve() : reject(new Error(line)),
      );
      bob.once("exit", (code) => reject(new Error(`bob has ended with ${code}`)));
    });
    // It is awaited after alice has her account.
    ready.catch(() => {});
    const alice = await Person.open(browser, stack.url, "alice");
    const { page } = alice;
    await alice.createAccount();
    await ready;
    let tookMs = 0;

    await test.step("a pasted list of names picks them all, and their chat is made", async () => {
      await page.getByRole("button", { name: "New chat" }).click();
      await page.evaluate(watch);
      await page.getByRole("textbox", { name: "Find people" }).evaluate((field, list) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", list);
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, [...people, "bob"].join("\n"));
      await expect(page.getByRole("list", { name: "In this chat" }).getByRole("listitem")).toHaveCount(199);
      await page.getByRole("textbox", { name: "Group name" }).fill("The whole village");
      const startMs = performance.now();
      await page.getByRole("button", { name: "Start chat" }).click();
      await expect(alice.log("The whole village")).toBeVisible({ timeout: 240_000 });
      tookMs = performance.now() - startMs;
    });

    await test.step("a member without a browser joined, and answers", async () => {
      await alice.send("hello from the browser");
      await expect(alice.message("The whole village", "bob hears one of 200")).toHaveCount(1, { timeout: 180_000 });
      await alice.allSent("The whole village", /hello/);
    });

    const { longestMs, counts } = await page.evaluate(() =>
      (window as unknown as { seen: { longestMs: number; counts: number[] } }).seen
    );
    expect(counts.length, `counts shown: ${counts}`).toBeGreaterThan(5);
    expect(counts, "the count only rises").toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(199);
    expect(longestMs / tookMs, `the page's longest task: ${longestMs} of ${tookMs} ms`).toBeLessThan(largestShare);
    expect(alice.problems).toEqual([]);
  } finally {
    bob.kill("SIGTERM");
  }
});
