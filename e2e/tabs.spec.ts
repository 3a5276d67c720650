import type { Page } from "@playwright/test";
import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";

test("a second tab shares the first one's engine, and takes over", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("from the first tab");
  await bob.openChat("alice");

  const first = alice.page;
  const second = await alice.context.newPage();
  alice.watch(second);
  alice.page = second;
  await second.goto(stack.url);
  await alice.connected();
  await alice.openChat("bob");
  await alice.expectTexts("bob", /from the \w+ tab/, ["from the first tab"]);
  await alice.send("from the second tab");
  await expect(bob.message("alice", "from the second tab")).toHaveCount(1);
  await expect(first.getByRole("log", { name: "bob" }).getByRole("article").filter({ hasText: "from the second tab" }))
    .toHaveCount(1);
  await bob.send("to both");
  for (const page of [first, second]) {
    await expect(page.getByRole("log", { name: "bob" }).getByRole("article").filter({ hasText: "to both" }))
      .toHaveCount(1);
  }
  const engines = await second.evaluate(async () =>
    (await navigator.locks.query()).held?.filter(({ name }) => name === "qpq-engine").length
  );
  expect(engines).toBe(1);

  await first.close();
  await alice.send("after the first tab closed");
  await expect(bob.message("alice", "after the first tab closed")).toHaveCount(1);
  await alice.allSent("bob", /tab/);
  await alice.connected();
  expect(alice.problems).toEqual([]);
});

/**
 * Every page of a headless Chromium stays "visible", whatever is in front of it and without focus emulation too. So
 * the property that the app reads is overridden; the event is the real one.
 */
async function setVisible(page: Page, isVisible: boolean): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
    Object.defineProperty(document, "hidden", { configurable: true, value: state === "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isVisible ? "visible" : "hidden");
}

/** Whether the engine runs in a tab. A Worker has locks of its own, so each page's Workers are asked. */
async function leads(page: Page): Promise<boolean> {
  const holders = await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(async () => {
        const { held = [] } = await navigator.locks.query();
        const own = `qpq-test-${crypto.randomUUID()}`;
        return await navigator.locks.request(own, async () => {
          const { held: now = [] } = await navigator.locks.query();
          const clientId = now.find(({ name }) => name === own)?.clientId;
          return held.some((lock) => lock.name === "qpq-engine" && lock.clientId === clientId);
        });
      })
    ),
  );
  return holders.includes(true);
}

test("a hidden tab hands over to a visible one, and no message is lost or doubled", async ({ browser, stack }) => {
  const bob = await Person.open(browser, stack.url, "bob");
  await bob.createAccount();
  const alice = await Person.open(browser, stack.url, "alice");
  const first = alice.page;
  // The first key starts the engine.
  await first.keyboard.press("Shift");
  await expect.poll(() => leads(first)).toBe(true);
  const second = await alice.context.newPage();
  alice.watch(second);
  await second.goto(stack.url);

  // Alice makes her account in the second tab while the first one leads, hidden: nothing that she types, and not the
  // code that she has to note, goes with the hand-over that follows.
  await setVisible(first, false);
  expect(await leads(first)).toBe(true);
  alice.page = second;
  await second.getByRole("textbox", { name: "Username" }).fill("alice");
  await second.waitForTimeout(1500);
  expect(await leads(first)).toBe(true);
  await second.getByRole("textbox", { name: "Password" }).fill(password);
  await second.getByRole("button", { name: "Create account" }).click();
  await expect(second.getByRole("button", { name: "Continue" })).toBeVisible();
  await expect.poll(() => leads(second)).toBe(true);
  await second.getByRole("button", { name: "Continue" }).click();
  await alice.connected();
  await alice.startChat(["bob"]);
  await alice.send("message 0");
  await bob.openChat("alice");
  alice.page = first;
  await alice.openChat("bob");

  const sent = ["message 0"];
  const send = async (from: Person, page: Page = from.page) => {
    from.page = page;
    sent.push(`message ${sent.length}`);
    await from.send(sent.at(-1)!);
  };
  // To and fro, with messages of both tabs and of bob under way all the time.
  for (const [shown, hidden] of [[first, second], [second, first], [first, second]]) {
    await setVisible(shown, true);
    await setVisible(hidden, false);
    while (!await leads(shown)) for (const page of [shown, hidden]) await send(alice, page);
    expect(await leads(hidden)).toBe(false);
    for (const page of [shown, hidden]) await send(alice, page);
    await send(bob);
  }
  const numbers = (texts: string[]) => texts.map((text) => Number(text.split(" ")[1])).sort((a, b) => a - b);
  for (const page of [first, second]) {
    alice.page = page;
    await expect.poll(async () => numbers(await alice.texts("bob", /message \d+/))).toEqual(sent.map((_, i) => i));
    await alice.allSent("bob", /message/);
    await alice.connected();
  }
  await expect.poll(async () => numbers(await bob.texts("alice", /message \d+/))).toEqual(sent.map((_, i) => i));
  // What is on the device, and not only on the screen.
  await first.close();
  await second.reload();
  await alice.connected();
  await alice.openChat("bob");
  await expect.poll(async () => numbers(await alice.texts("bob", /message \d+/))).toEqual(sent.map((_, i) => i));
  expect(alice.problems).toEqual([]);
});

test("the installed app opens offline to its history", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("kept for later");
  await alice.allSent("bob", /kept/);
  await alice.page.evaluate(async () => await navigator.serviceWorker.ready);
  await alice.page.reload();
  await alice.connected();
  await stack.kill(stack.gateway);
  await alice.page.reload();
  await alice.openChat("bob");
  await expect(alice.message("bob", "kept for later")).toHaveCount(1);
  await alice.send("written offline");
  await expect(alice.message("bob", "written offline").getByLabel("Waiting")).toBeVisible();
  await stack.startGateway();
  await alice.connected();
  await expect(alice.message("bob", "written offline").getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  await bob.openChat("alice");
  await bob.expectTexts("alice", /kept for later|written offline/, ["kept for later", "written offline"]);
});

test("the app can be installed, with maskable icons and a service worker", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const href = await alice.page.locator("link[rel=manifest]").getAttribute("href");
  const manifest = await (await alice.page.request.get(new URL(href!, stack.url).href)).json();
  expect(manifest.display).toBe("standalone");
  for (const icon of manifest.icons) {
    const response = await alice.page.request.get(new URL(icon.src, stack.url).href);
    expect(response.ok()).toBe(true);
  }
  expect(manifest.icons.some((icon: { purpose?: string }) => icon.purpose?.includes("maskable"))).toBe(true);
  const session = await alice.context.newCDPSession(alice.page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A headless profile is off the record, which Chromium never installs from; everything else must be in order.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
});
