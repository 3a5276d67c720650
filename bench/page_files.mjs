/**
 * 100 MiB up and down between two pages, beside the bare calls of a third one over the same gateway and core, and the
 * memory of both pages meanwhile.
 */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { privateMiB, processOf, watchMemory } from "./page_memory.mjs";
import { pageProgram } from "./page_program.mjs";
import { connected, emptyUrl, register, registerOnDisk, startChat, url, withServers } from "./pages.mjs";

const megabyte = 1024 * 1024;
const restMs = 3000;
/** After this time the browser has collected the garbage of a page's start. */
const longRestMs = 30_000;
const longestMs = 180_000;

/** Writes random bytes. @returns their hash */
async function writeFile(path, size) {
  const hash = createHash("sha256");
  const parts = Readable.from((function* () {
    for (let left = size; left > 0; left -= megabyte) {
      const part = randomBytes(Math.min(left, megabyte));
      hash.update(part);
      yield part;
    }
  })());
  await pipeline(parts, createWriteStream(path));
  return hash.digest("hex");
}

async function hashOf(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** @returns ms from the press of Send until the message says "Sent" */
async function send(page, path, name) {
  await page.getByRole("button", { name: "Attach" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: "File", exact: true }).click();
  await (await chooser).setFiles(path);
  await page.getByRole("list", { name: "Files to send" }).waitFor();
  await page.waitForTimeout(restMs);
  const message = page.getByRole("log").getByRole("article").filter({ hasText: name });
  const startMs = performance.now();
  await page.getByRole("button", { name: "Send" }).click();
  await message.getByLabel(/^(Sent|Delivered|Read)$/).waitFor({ timeout: longestMs });
  return performance.now() - startMs;
}

/** @returns ms from the press until the file is whole on the disk @throws Error where it is another file */
async function save(page, name, hash) {
  const button = page.getByRole("button", { name: `Download ${name}` });
  await button.waitFor();
  await page.waitForTimeout(restMs);
  const download = page.waitForEvent("download", { timeout: longestMs });
  const startMs = performance.now();
  await button.click();
  const path = await (await download).path();
  const tookMs = performance.now() - startMs;
  if (await hashOf(path) !== hash) throw new Error(`${name} was saved, but is not what was sent`);
  await rm(path);
  return tookMs;
}

/** @returns what a work gives, and the most memory of a process meanwhile, in MiB */
async function withMemory(pid, work) {
  const end = watchMemory(pid);
  const value = await work();
  return { value, most: end() };
}

/**
 * @param {{ size?: number, samples?: number }} [options] bytes of a file, and how many go one after another
 * @returns rates in MiB/s: the middle ones; memory in MiB: at rest before, and the most that was seen
 */
export async function measurePageFiles({ size = 100 * megabyte, samples = 3 } = {}) {
  const program = await pageProgram("bare_stream_page.ts");
  return await withServers(async (browser, _core, folder) => {
    const [alice, bob, carol] = [
      await registerOnDisk(folder, "alice"),
      await registerOnDisk(folder, "bob"),
      await register(browser, "carol"),
    ];
    await carol.goto(emptyUrl);
    await startChat(alice, ["bob"]);
    await bob.getByRole("link", { name: "alice" }).first().click();
    // Opened anew: without what signing in has needed.
    for (const page of [alice, bob]) {
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      await page.goto(emptyUrl);
      await page.goto(url);
      await connected(page);
    }
    await alice.getByRole("link", { name: "bob" }).first().click();
    await bob.getByRole("link", { name: "alice" }).first().click();
    await alice.waitForTimeout(longRestMs);
    const pids = { up: await processOf(alice), down: await processOf(bob) };
    const idle = { up: privateMiB(pids.up), down: privateMiB(pids.down) };
    const times = /** @type {Record<"up" | "down" | "bareUp" | "bareDown", number[]>} */ (
      { up: [], down: [], bareUp: [], bareDown: [] }
    );
    const most = { up: 0, down: 0 };
    for (let sample = 1; sample <= samples; sample++) {
      const bare = await carol.evaluate(`(() => { ${program}; return program.bareStream(${size}); })()`);
      times.bareUp.push(bare.up);
      times.bareDown.push(bare.down);
      const name = `film${sample}.bin`;
      const hash = await writeFile(`${folder}/${name}`, size);
      const up = await withMemory(pids.up, () => send(alice, `${folder}/${name}`, name));
      const down = await withMemory(pids.down, () => save(bob, name, hash));
      await rm(`${folder}/${name}`);
      times.up.push(up.value);
      times.down.push(down.value);
      most.up = Math.max(most.up, up.most);
      most.down = Math.max(most.down, down.most);
    }
    for (const page of [alice, bob]) await page.context().close();
    const rate = (list) => size / megabyte / (list.sort((one, other) => one - other)[list.length >> 1] / 1000);
    const rates = Object.fromEntries(Object.entries(times).map(([which, list]) => [which, rate(list)]));
    return { size: size / megabyte, samples, rates, idle, most };
  });
}
