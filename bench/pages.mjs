/** What the measurements in Chromium share: a core and a gateway of their own, accounts in pages, chats. */

import { chromium } from "@playwright/test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { fullChromium } from "../scripts/test/chromium.mjs";

export const password = "correct horse battery staple";
const ports = { QPQ_HTTP_PORT: "18080", QPQ_WT_PORT: "14433" };
/** One address makes more calls here than a person would. */
const roomyCore = {
  QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000",
  QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000",
  QPQ_CALLS_PER_IP_PER_SECOND: "100000",
};
const roomyGateway = { QPQ_LIMIT_CALLS_PER_SECOND: "100000" };
export const url = `http://localhost:${ports.QPQ_HTTP_PORT}`;
/** A path of the gateway's: a page of the app's origin, without the app. The service worker leaves it alone. */
export const emptyUrl = `${url}/.well-known/empty`;

/**
 * A core that can be killed and started again.
 *
 * @typedef {{ kill: () => Promise<void>, start: () => Promise<void> }} Core
 */

/**
 * @template T
 * @param {(browser: import("@playwright/test").Browser, core: Core, folder: string) => Promise<T>} work
 *   `folder` goes with the servers
 */
export async function withServers(work) {
  const folder = mkdtempSync(`${tmpdir()}/qpq-bench-`);
  const startOwnCore = () => startCore(folder, { QPQ_LISTEN: "127.0.0.1:17443", ...roomyCore });
  let core = await startOwnCore();
  const gateway = await startGateway(folder, core.ready.addr, { ...ports, ...roomyGateway });
  const browser = await chromium.launch(fullChromium);
  try {
    return await work(browser, {
      kill: async () => {
        core.process.kill("SIGKILL");
        await core.exited;
      },
      start: async () => void (core = await startOwnCore()),
    }, folder);
  } finally {
    await browser.close();
    await stopService(gateway);
    await stopService(core);
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function connected(page) {
  await page.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor({ timeout: 60_000 });
}

/** @returns the page of a new account */
export async function register(browser, name) {
  const context = await browser.newContext();
  return await signUp(await context.newPage(), name);
}

/**
 * @returns the page of a new account in a browser of its own, with its profile on the disk, as people's is. What a
 *   context of {@link register} stores is kept in the memory of another process, by way of messages
 */
export async function registerOnDisk(/** @type {string} */ folder, /** @type {string} */ name) {
  const context = await chromium.launchPersistentContext(`${folder}/profile-${name}`, fullChromium);
  return await signUp(context.pages()[0], name);
}

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 */
async function signUp(page, name) {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill(name);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await connected(page);
  return page;
}

/** Begins a chat with some people; with several, a group of that name. */
export async function startChat(page, people, name) {
  await page.getByRole("button", { name: "New chat" }).click();
  for (const username of people) {
    await page.getByRole("textbox", { name: "Find people" }).fill(username);
    await page.getByRole("option", { name: username }).click();
  }
  if (name) await page.getByRole("textbox", { name: "Group name" }).fill(name);
  await page.getByRole("button", { name: "Start chat" }).click();
  await page.getByRole("log", { name: name ?? people[0] }).waitFor();
}
