import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { webRoot } from "../scripts/paths.mjs";
import { Person } from "./person.ts";
import { expect, Stack, test } from "./stack.ts";

test("PEOPLE B0: Reload starts a new version in a first visit, and keeps the draft", async ({ browser, stack }) => {
  // A gateway whose app can change.
  const folder = `${stack.dataDir}/web`;
  cpSync(webRoot, folder, { recursive: true });
  await stack.kill(stack.gateway);
  await stack.startGateway({ addr: stack.coreAddr, env: { QPQ_WEB_ROOT: folder } });
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  const { page } = alice;
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.evaluate(() => Object.assign(window, { isFirstLoad: true }));
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("not yet sent");

  const worker = `${folder}/service_worker.js`;
  for (const compressed of [`${worker}.br`, `${worker}.gz`]) rmSync(compressed, { force: true });
  writeFileSync(worker, `${readFileSync(worker, "utf8")}\n// Next.\n`);
  await page.evaluate(async () => void await (await navigator.serviceWorker.ready).update());
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(() => !("isFirstLoad" in window));
  await alice.connected();
  await expect(field).toHaveValue("not yet sent");
  await page.getByRole("button", { name: "Send" }).click();
  await bob.openChat("alice");
  await expect(bob.message("alice", "not yet sent")).toHaveCount(1);
  expect(alice.problems).toEqual([]);
});

test("PEOPLE B7: a draft is the same in all tabs, in the list, and outlives its tab", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  for (const name of ["bob", "carol"]) await (await Person.open(browser, stack.url, name)).createAccount();
  await alice.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("hello");
  await alice.startChat(["carol"]);
  await alice.openChat("bob");
  const first = alice.page;
  const second = await alice.context.newPage();
  alice.watch(second);
  await second.goto(stack.url);
  alice.page = second;
  await alice.openChat("bob");
  const field = (page: typeof first) => page.getByRole("textbox", { name: "Message" });
  await field(first).fill("see you at");
  await expect(field(second)).toHaveValue("see you at");
  await alice.openChat("carol");
  await expect(second.getByRole("link", { name: "bob" })).toHaveAccessibleDescription(/Draft: see you at/);
  await first.close();
  await second.close();
  alice.page = await alice.context.newPage();
  alice.watch(alice.page);
  await alice.page.goto(stack.url);
  await alice.openChat("bob");
  await expect(field(alice.page)).toHaveValue("see you at");
  await field(alice.page).fill("see you at nine");
  await alice.page.getByRole("button", { name: "Send" }).click();
  await alice.allSent("bob", /nine/);
  await alice.openChat("carol");
  await expect(alice.page.getByRole("link", { name: "bob" })).toHaveAccessibleDescription(/You: see you at nine/);
  await alice.page.reload();
  await alice.openChat("bob");
  await expect(field(alice.page)).toHaveValue("");
  expect(alice.problems).toEqual([]);
});

const moved = test.extend<{ stack: Stack }>({
  stack: async ({ browser }, use) => {
    const stack = new Stack({ relayUdp: true });
    try {
      await stack.start();
      await use(stack);
    } finally {
      for (const context of browser.contexts()) await context.close();
      await stack.stop();
    }
  },
});

moved("PEOPLE B0: a page that only listens hears again soon after its address changed", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("number 0");
  await bob.openChat("alice");
  await expect(bob.message("alice", "number 0")).toHaveCount(1);
  for (let round = 1; round <= 4; round++) {
    // Both are quiet, then both have another address; alice tells hers by sending.
    await bob.page.waitForTimeout(1_000 + 700 * round);
    stack.network!.rebind();
    const startMs = Date.now();
    await alice.send(`number ${round}`);
    await expect(bob.message("alice", `number ${round}`)).toHaveCount(1);
    // Reported, not judged: machines differ (docs/decisions/032-changed-addresses.md).
    console.log(`heard ${Date.now() - startMs} ms after the address had changed`);
  }
  // Who suspects its connection asks the server over HTTPS as well, and stays where it is (docs/decisions/036).
  expect([await alice.transport(), await bob.transport()]).toEqual(["WebTransport", "WebTransport"]);
});

test("PEOPLE B0: a full disk keeps all texts and the chat, and with room they are sent", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await bob.openChat("alice");
  const { page } = alice;
  const browserOf = await alice.context.newCDPSession(page);
  const origin = stack.url;
  await browserOf.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  // The browser notices some seconds later.
  let sent = 0;
  const failed = alice.log("bob").getByRole("article").filter({ has: page.getByRole("button", { name: "Try again" }) });
  while (await failed.count() === 0) {
    await alice.send(`number ${sent++}`);
    await page.waitForTimeout(500);
  }
  console.log(`${sent} messages until the disk was full`);
  for (const _ of [1, 2]) await alice.send(`number ${sent++}`);
  await expect(failed).toHaveCount(3);
  await page.screenshot({ path: `${process.env.SHOTS ?? "test-results"}/full-disk.png` });
  await alice.openChat("bob");
  await browserOf.send("Storage.overrideQuotaForOrigin", { origin });
  await page.waitForTimeout(2000);
  while (await failed.count() > 0) await failed.first().getByRole("button", { name: "Try again" }).click();
  await bob.expectTexts("alice", /number \d+/, Array.from({ length: sent }, (_, number) => `number ${number}`));
});
