import { Person } from "./person.ts";
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
    (await navigator.locks.query()).held?.filter(({ name }) => name?.startsWith("qpq")).length
  );
  expect(engines).toBe(1);

  await first.close();
  await alice.send("after the first tab closed");
  await expect(bob.message("alice", "after the first tab closed")).toHaveCount(1);
  await alice.allSent("bob", /tab/);
  await alice.connected();
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
  await expect(alice.message("bob", "written offline").getByLabel("Sent")).toBeVisible();
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
