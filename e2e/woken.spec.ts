/** The engine in a service worker: it empties the queue when no tab is open, in Chromium and in Firefox ESR. */

import { FirefoxPerson, openFirefox } from "./firefox_person.ts";
import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";
import type { Outcome } from "../web/woken/wake.ts";

/** Runs in the app. The page's policy for scripts must know the worker's. */
async function register(): Promise<void> {
  const { installing } = await navigator.serviceWorker.register("/woken.js", { scope: "/woken/" });
  await new Promise<void>((resolve) => {
    installing!.onstatechange = () => installing!.state === "activated" && resolve();
  });
}

/** Runs in a page of the site that is not the app. @returns what the worker has done */
async function wake(): Promise<Outcome> {
  const registration = await navigator.serviceWorker.getRegistration("/woken/");
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<Outcome>((resolve) => port1.onmessage = ({ data }) => resolve(data));
  registration!.active!.postMessage({ woken: "empty" }, [port2]);
  return await answer;
}

/** A page of the site without the app. */
const emptyPage = "/.well-known/empty";
const words = ["the first while away", "the second while away", "the third while away"];

function expectReceived(outcome: Outcome): void {
  expect(outcome).toMatchObject({ kind: "emptied" });
  const received = outcome.kind === "emptied" ? outcome.received : [];
  expect(received.map(({ title, sender, text }) => [title, sender, text])).toEqual(
    words.map((text) => ["alice", "alice", text]),
  );
}

test("DEVICES: a woken worker fetches and stores while no tab is open", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("seen in the app");
  await bob.openChat("alice");
  await expect(bob.message("alice", "seen in the app")).toBeVisible();
  // An invitation that is answered is accepted: only then its messages are searched.
  await bob.send("so it is");
  await bob.allSent("alice", /so it is/);
  // From now on there is an index of the search.
  const field = bob.page.getByRole("searchbox", { name: "Search", exact: true });
  const hits = bob.page.getByRole("region", { name: "Search results" });
  await field.fill("seen app");
  await expect(hits.getByRole("link", { name: /seen in the app/ })).toBeVisible();
  await bob.page.evaluate(register);
  expect(await bob.page.evaluate(wake), "a tab has the engine").toEqual({ kind: "elsewhere" });

  await bob.page.goto(stack.url + emptyPage);
  for (const text of words) await alice.send(text);
  await alice.allSent("bob", /while away/);
  expectReceived(await bob.page.evaluate(wake));
  expect(await bob.page.evaluate(wake), "nothing comes again").toEqual({ kind: "emptied", received: [] });

  await bob.context.setOffline(true);
  await bob.page.goto(stack.url);
  await bob.openChat("alice");
  await bob.expectTexts("alice", /the \w+ while away/, words);
  await field.fill("second away");
  await expect(hits.getByRole("link", { name: /the second while away/ })).toBeVisible();
  await bob.context.setOffline(false);
  await bob.connected();
  await bob.expectTexts("alice", /the \w+ while away/, words);
  expect(bob.problems).toEqual([]);
});

test("DEVICES: the same worker empties the queue in Firefox ESR", async ({ browser, stack }) => {
  const firefox = await openFirefox();
  try {
    const alice = await Person.open(browser, stack.url, "alice");
    await alice.createAccount();
    const bob = await FirefoxPerson.createAccount(firefox, stack.url, "bob");
    await alice.startChat(["bob"]);
    await alice.send("seen in the app");
    await bob.openChat("alice");
    await expect.poll(() => bob.texts(/seen in the app/)).toHaveLength(1);
    await bob.page.evaluate(register);
    await bob.page.goto(stack.url + emptyPage);
    for (const text of words) await alice.send(text);
    await alice.allSent("bob", /while away/);
    expectReceived(await bob.page.evaluate(wake));
    expect(await bob.page.evaluate(wake)).toEqual({ kind: "emptied", received: [] });
    await bob.page.goto(stack.url);
    await bob.openChat("alice");
    await expect.poll(() => bob.texts(/the \w+ while away/), { timeout: 180_000 }).toEqual(words);
  } finally {
    await firefox.close();
  }
});
