/**
 * Measured in Chromium against a core and a gateway of its own: send to render, the same path without
 * cryptography, sign-in, and what the sign-in screen weighs.
 */

import { readdirSync, statSync } from "node:fs";
import { webRoot } from "../scripts/paths.mjs";
import { pageProgram } from "./page_program.mjs";
import { connected, password, register, startChat, url, withServers } from "./pages.mjs";
import { percentiles } from "./statistics.mjs";

/** Between two messages. */
const pauseMs = 150;
/** Between the last key and the press of Send. */
const typingPauseMs = 80;

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
  const program = await pageProgram("echo_page.ts");
  return percentiles(await page.evaluate(`(() => { ${program}; return program.echo(${count}); })()`));
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
 * Bytes over the wire of the scripts and styles that the page asks for until the sign-in screen is there, of those that
 * the first key adds (the engine), and of every script of the build, as brotli.
 */
async function weight(browser) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  const scripts = new Set();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/\.(js|css)$/.test(pathname)) scripts.add(pathname);
  });
  await page.goto(url);
  await page.getByRole("button", { name: "Create account" }).waitFor();
  await page.waitForTimeout(1000);
  const atRest = new Set(scripts);
  await page.keyboard.press("Shift");
  await page.waitForTimeout(1000);
  await context.close();
  /** The smallest files have no compressed copy. */
  const brotli = (path) =>
    (statSync(`${webRoot}${path}.br`, { throwIfNoEntry: false }) ?? statSync(`${webRoot}${path}`)).size;
  const all = readdirSync(webRoot, { recursive: true }).map(String).filter((name) => /\.(js|wasm)\.br$/.test(name));
  return {
    signInBytes: [...atRest].reduce((total, path) => total + brotli(path), 0),
    engineBytes: [...scripts].filter((path) => !atRest.has(path)).reduce((total, path) => total + brotli(path), 0),
    scripts: [...scripts].map((path) => ({ path, bytes: brotli(path) })),
    allBytes: all.reduce((total, name) => total + statSync(`${webRoot}/${name}`).size, 0),
  };
}

/**
 * @param {{ messages?: number }} [options] how many messages are measured one at a time
 * @returns all figures of the browser but those of parts of their own; times in ms, sizes in bytes
 */
export async function measureBrowser({ messages = 500 } = {}) {
  return await withServers(async (browser) => {
    const alice = await register(browser, "alice");
    const bob = await register(browser, "bob");
    await startChat(alice, ["bob"]);
    await bob.getByRole("link", { name: "alice" }).first().click();
    await watchArrivals(bob);
    await sendToRender(alice, bob, 0, 20);
    return {
      sendToRender: await sendToRender(alice, bob, 20, messages),
      echo: await echo(bob, messages),
      signIn: await signIn(browser, "alice", 5),
      weight: await weight(browser),
      browser: browser.version(),
    };
  });
}
