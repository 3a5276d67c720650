/** Files that somebody has sent from a shell, as people see and save them in Chromium and in Firefox. */

import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { crc32, deflateSync } from "node:zlib";
import type { ElementHandle } from "puppeteer-core";
import { FirefoxPerson, openFirefox } from "./firefox_person.ts";
import { Person } from "./person.ts";
import { qpq } from "./qpq.ts";
import { expect, type Stack, test } from "./stack.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const large = randomBytes(20_000_003);
const page = "<!doctype html><script>parent.document.title = 'run'; document.title = 'run'</script><h1>A page</h1>";

/** @returns a PNG of these sides, of noise */
function png(side: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.concat(Array.from({ length: side }, () => Buffer.concat([Buffer.of(0), randomBytes(3 * side)])));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A group has three people at least. */
async function register(stack: Stack, folder: string): Promise<void> {
  for (const name of ["bob", "carol"]) await qpq(stack, folder, name, "register", name);
}

/** Sends a picture, a file of 20 MB and a page to the group "files", of which bob is a member already. */
async function sendFiles(stack: Stack, folder: string): Promise<void> {
  writeFileSync(`${folder}/noise.png`, png(40));
  writeFileSync(`${folder}/large.bin`, large);
  writeFileSync(`${folder}/page.html`, page);
  await qpq(stack, folder, "bob", "join");
  for (const name of ["large.bin", "page.html", "noise.png"]) {
    await qpq(stack, folder, "bob", "send", "files", "--file", `${folder}/${name}`);
  }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/qpq-e2e-media-`);
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("CONVERSATIONS: a picture is shown, 20 MB are saved whole, a page runs nowhere", async ({ browser, stack }) => {
  await inFolder(async (folder) => {
    const alice = await Person.open(browser, stack.url, "alice");
    await Promise.all([alice.createAccount(), register(stack, folder)]);
    await alice.startChat(["bob", "carol"], "files");
    await sendFiles(stack, folder);
    const picture = () => alice.log("files").getByRole("img", { name: "noise.png" });
    await expect.poll(() => picture().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(40);
    await expect(alice.page).toHaveTitle("quicproquo");
    const save = async (name: string) => {
      const [download] = await Promise.all([
        alice.page.waitForEvent("download"),
        alice.page.getByRole("button", { name: `Download ${name}` }).press("Enter"),
      ]);
      return sha256(readFileSync(await download.path()));
    };
    await alice.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    expect(await save("large.bin")).toBe(sha256(large));
    expect(await save("page.html")).toBe(sha256(Buffer.from(page)));
    expect(await alice.page.title()).toBe("quicproquo");
    // The ciphertext that the browser has kept is read again, without the server.
    await alice.page.reload();
    await alice.connected();
    stack.gateway.process.kill("SIGSTOP");
    await alice.openChat("files");
    await expect.poll(() => picture().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(40);
    stack.gateway.process.kill("SIGCONT");
    expect(alice.problems).toEqual([]);
    await alice.close();
  });
});

test("CONVERSATIONS: Firefox shows a picture, saves 20 MB whole, and sends them on", async ({ stack }) => {
  await inFolder(async (folder) => {
    const downloads = `${folder}/downloads`;
    mkdirSync(downloads);
    const browser = await openFirefox(downloads);
    try {
      const dora = await FirefoxPerson.createAccount(browser, stack.url, "dora");
      await register(stack, folder);
      await dora.click("button", "New chat");
      for (const name of ["bob", "carol"]) {
        await dora.fill("Find people", name);
        await dora.click("option", name);
      }
      await dora.fill("Group name", "files");
      await dora.click("button", "Start chat");
      await dora.page.waitForSelector("[role=log]", { timeout: 180_000 });
      await sendFiles(stack, folder);
      await dora.page.waitForFunction(
        () => document.querySelector<HTMLImageElement>("img[alt='noise.png']")?.naturalWidth === 40,
        { timeout: 180_000 },
      );
      await dora.page.waitForFunction(() => navigator.serviceWorker.controller !== null, { timeout: 180_000 });
      await dora.click("button", "Download large.bin");
      const saved = () => readdirSync(downloads).includes("large.bin") && readFileSync(`${downloads}/large.bin`);
      await expect.poll(() => saved() && sha256(saved() as Uint8Array), { timeout: 120_000 }).toBe(sha256(large));

      const field = await dora.page.$("input[type=file]:not([accept])") as ElementHandle<HTMLInputElement>;
      await field.uploadFile(`${downloads}/large.bin`);
      await dora.page.waitForSelector(`::-p-aria([name="Files to send"])`, { timeout: 120_000 });
      await dora.click("button", "Send");
      await dora.page.waitForFunction(
        () =>
          [...document.querySelectorAll(".message-own")].some((row) =>
            row.textContent?.includes("large.bin") && row.querySelector("[aria-label=Sent], [aria-label=Delivered]")
          ),
        { timeout: 180_000 },
      );
      const came = (await qpq(stack, folder, "bob", "recv")).find(({ sender }) => sender === "dora");
      await qpq(stack, folder, "bob", "save", came!.messageId!, `${folder}/from-dora.bin`);
      expect(sha256(readFileSync(`${folder}/from-dora.bin`))).toBe(sha256(large));
    } finally {
      await browser.close();
    }
  });
});
