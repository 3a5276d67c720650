import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";

/** Whether the profile of this page has the record of the list. */
async function hasList(): Promise<boolean> {
  const open = indexedDB.open("quicproquo");
  await new Promise((resolve) => open.onsuccess = resolve);
  const read = open.result.transaction("account").objectStore("account").getKey("list");
  await new Promise((resolve) => read.onsuccess = resolve);
  open.result.close();
  return read.result !== undefined;
}

test("CONVERSATIONS: a page shows the list that it showed last while its engine waits", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("the last words");
  await alice.allSent("bob", /the last words/);
  await expect.poll(() => alice.page.evaluate(hasList)).toBe(true);
  await alice.page.goto("about:blank");

  // Another page of the site has the engine's lock, and no engine.
  const holder = await alice.context.newPage();
  await holder.goto(`${stack.url}/manifest.webmanifest`);
  await holder.evaluate(() =>
    new Promise<void>((held) => void navigator.locks.request("qpq-engine", () => (held(), new Promise(() => {}))))
  );
  await alice.page.goto(stack.url);
  const chat = alice.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: "bob" });
  await expect(chat).toContainText("the last words");
  await expect(alice.page.getByRole("status").filter({ hasText: /^Connected$/ })).toHaveCount(0);
  await chat.click();
  await holder.close();
  await alice.connected();
  await expect(alice.message("bob", "the last words")).toHaveCount(1);
  expect(alice.problems).toEqual([]);
});
