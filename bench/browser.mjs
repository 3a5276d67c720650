/**
 * Measured in Chromium against a core and a gateway of its own: send to render, the same path without
 * cryptography, sign-in, and what the sign-in screen weighs.
 */

import { chromium } from "@playwright/test";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { build } from "vite";
import { fullChromium } from "../scripts/test/chromium.mjs";
import { root, webRoot } from "../scripts/paths.mjs";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { measureOutage } from "./outage.mjs";
import { percentiles } from "./statistics.mjs";

const password = "correct horse battery staple";
/** Between two messages. */
const pauseMs = 150;
/** Between the last key and the press of Send. */
const typingPauseMs = 80;
const ports = { QPQ_HTTP_PORT: "18080", QPQ_WT_PORT: "14433" };
/** One address makes more calls here than a person would. */
const roomyCore = {
  QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000",
  QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000",
  QPQ_CALLS_PER_IP_PER_SECOND: "100000",
};
const roomyGateway = { QPQ_LIMIT_CALLS_PER_SECOND: "100000" };
const url = `http://localhost:${ports.QPQ_HTTP_PORT}`;

async function connected(page) {
  await page.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor({ timeout: 60_000 });
}

async function register(browser, name) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill(name);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await connected(page);
  return page;
}

/**
 * Notes when texts first stand in the page, and when the frame after that has been made. Looks at added nodes
 * alone, so that watching costs as little as can be.
 */
function watchArrivals(page) {
  return page.evaluate(() => {
    const arrivals = new Map();
    const waiting = new Map();
    const now = () => performance.timeOrigin + performance.now();
    globalThis.arrivalOf = (text) =>
      new Promise((resolve) => (arrivals.has(text) ? resolve(arrivals.get(text)) : waiting.set(text, resolve)));
    new MutationObserver((records) => {
      for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
        const text = node.parentElement?.closest("[role=log]") && node.textContent?.match(/measured \d+\./)?.[0];
        if (!text || arrivals.has(text)) continue;
        const domMs = now();
        arrivals.set(text, undefined);
        requestAnimationFrame(() =>
          setTimeout(() => {
            const arrival = { domMs, frameMs: now() };
            arrivals.set(text, arrival);
            waiting.get(text)?.(arrival);
          })
        );
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
}

/**
 * One message at a time: from the press of Send in one browser to the article in the other's conversation,
 * and to that page's next frame.
 */
async function sendToRender(alice, bob, first, count) {
  const dom = [];
  const frame = [];
  for (let index = first; index < first + count; index++) {
    const text = `measured ${index}.`;
    await alice.getByRole("textbox", { name: "Message" }).fill(text);
    const arriving = bob.evaluate((wanted) => globalThis.arrivalOf(wanted), text);
    // What the typing causes (a frame, the button's new state) is over before the press, as it is for people.
    await alice.waitForTimeout(typingPauseMs);
    const sentMs = await alice.evaluate(() => {
      const button = [...document.querySelectorAll("button")].find((candidate) =>
        (candidate.getAttribute("aria-label") ?? candidate.textContent)?.trim() === "Send"
      );
      const startMs = performance.timeOrigin + performance.now();
      button?.click();
      return startMs;
    });
    const { domMs, frameMs } = await arriving;
    dom.push(domMs - sentMs);
    frame.push(frameMs - sentMs);
    // One at a time: what the last message still causes ("Sent", "read", the acknowledgement) is over before
    // the next one.
    await alice.waitForTimeout(pauseMs);
  }
  return { dom: percentiles(dom), frame: percentiles(frame) };
}

/**
 * `health` calls from the page over a WebTransport session of its own: browser → gateway → core and back, no
 * cryptography of ours, no disk.
 */
async function echo(page, count) {
  const output = /** @type {any} */ (await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      write: false,
      lib: { entry: `${root}/bench/echo_page.ts`, formats: ["iife"], name: "echoPage", fileName: "echo" },
    },
  }));
  const [chunk] = (Array.isArray(output) ? output[0] : output).output;
  return percentiles(await page.evaluate(`(() => { ${chunk.code}; return echoPage.echo(${count}); })()`));
}

async function signIn(browser, name, count) {
  const samples = [];
  for (let index = 0; index < count; index++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    await page.getByRole("textbox", { name: "Username" }).fill(name);
    await page.getByRole("textbox", { name: "Password" }).fill(password);
    const startMs = performance.now();
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await connected(page);
    samples.push(performance.now() - startMs);
    await context.close();
  }
  return percentiles(samples);
}

/**
 * Bytes over the wire of what the page asks for until the sign-in screen is there, and of every script of the
 * build, as brotli.
 */
async function weight(browser) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  const scripts = new Set();
  page.on("request", (request) => {
    if (request.resourceType() === "script" || /\.js$/.test(new URL(request.url()).pathname)) {
      scripts.add(new URL(request.url()).pathname);
    }
  });
  await page.goto(url);
  await page.getByRole("button", { name: "Create account" }).waitFor();
  await page.waitForTimeout(1000);
  await context.close();
  const brotli = (path) => statSync(`${webRoot}${path}.br`).size;
  const all = readdirSync(webRoot, { recursive: true }).map(String).filter((name) => /\.(js|wasm)\.br$/.test(name));
  return {
    signInBytes: [...scripts].reduce((total, path) => total + brotli(path), 0),
    scripts: [...scripts].map((path) => ({ path, bytes: brotli(path) })),
    allBytes: all.reduce((total, name) => total + statSync(`${webRoot}/${name}`).size, 0),
  };
}

/**
 * @param {{ messages?: number, queued?: number }} [options] how many messages are measured one at a time, and how many
 *   wait for the core
 * @returns all figures of the browser; times in ms, sizes in bytes
 */
export async function measureBrowser({ messages = 500, queued = 300 } = {}) {
  const dataDir = mkdtempSync(`${tmpdir()}/qpq-bench-`);
  const startOwnCore = () => startCore(dataDir, { QPQ_LISTEN: "127.0.0.1:17443", ...roomyCore });
  let core = await startOwnCore();
  const gateway = await startGateway(dataDir, core.ready.addr, { ...ports, ...roomyGateway });
  const browser = await chromium.launch(fullChromium);
  try {
    const alice = await register(browser, "alice");
    const bob = await register(browser, "bob");
    await alice.getByRole("button", { name: "New chat" }).click();
    await alice.getByRole("textbox", { name: "Find people" }).fill("bob");
    await alice.getByRole("option", { name: "bob" }).click();
    await alice.getByRole("button", { name: "Start chat" }).click();
    await alice.getByRole("log", { name: "bob" }).waitFor();
    await bob.getByRole("link", { name: "alice" }).first().click();
    await watchArrivals(bob);
    await sendToRender(alice, bob, 0, 20);
    const outages = [];
    for (let index = 0; index < 3; index++) {
      outages.push(
        await measureOutage(alice, bob, {
          kill: async () => {
            core.process.kill("SIGKILL");
            await core.exited;
          },
          start: async () => void (core = await startOwnCore()),
        }, queued + index),
      );
    }
    return {
      outages,
      sendToRender: await sendToRender(alice, bob, 20, messages),
      echo: await echo(bob, messages),
      signIn: await signIn(browser, "alice", 5),
      weight: await weight(browser),
      browser: browser.version(),
    };
  } finally {
    await browser.close();
    await stopService(gateway);
    await stopService(core);
    rmSync(dataDir, { recursive: true, force: true });
  }
}
