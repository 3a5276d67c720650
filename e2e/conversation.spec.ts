/** What people do with messages, through the real stack: two people, a second device, and a reload. */

import type { Locator } from "@playwright/test";
import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";
import { openMessageMenu } from "../web/testing/message_menu.ts";

/** Chooses an entry of a message's menu. */
async function act(person: Person, article: Locator, entry: string): Promise<void> {
  await openMessageMenu(article);
  await person.page.getByRole("menuitem", { name: entry, exact: true }).click();
}

async function react(person: Person, article: Locator, sign: string): Promise<void> {
  await openMessageMenu(article);
  await person.page.getByRole("button", { name: `React with ${sign}` }).last().click();
}

test("CONVERSATIONS: reply, react, edit, delete, forward, mention and poll", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  const carol = await Person.open(browser, stack.url, "carol");
  await carol.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("lunch at noon, @bob?");
  await bob.openChat("alice");
  // A quote of a message has its words, too, and stands below it.
  const atAlice = (words: string) => alice.message("bob", words).first();
  const atBob = (words: string) => bob.message("alice", words).first();
  await expect(atBob("lunch at noon").locator(".mention-me")).toHaveText("@bob");

  await test.step("a reply quotes the message on both sides", async () => {
    await act(bob, atBob("lunch at noon"), "Reply");
    await bob.send("**Gladly**, where?");
    for (const answer of [atBob("Gladly"), atAlice("Gladly")]) {
      await expect(answer.getByRole("blockquote")).toContainText("lunch at noon");
      await expect(answer.locator("strong")).toHaveText("Gladly");
    }
  });

  await test.step("a reaction comes, is counted, and is taken back", async () => {
    await react(bob, atBob("lunch at noon"), "👍");
    await expect(atAlice("lunch at noon").getByRole("button", { name: "👍 1", exact: true })).toBeVisible();
    await atAlice("lunch at noon").getByRole("button", { name: "👍 1", exact: true }).click();
    const both = atBob("lunch at noon").getByRole("button", { name: "👍 2", exact: true });
    await expect(both).toHaveAttribute("aria-pressed", "true");
    await both.click();
    await expect(atAlice("lunch at noon").getByRole("button", { name: "👍 1", exact: true })).toBeVisible();
  });

  await test.step("an edit is marked, and the quote of it changes", async () => {
    await act(alice, atAlice("lunch at noon").first(), "Edit");
    await alice.page.getByRole("textbox", { name: "Message" }).fill("lunch at one?");
    await alice.page.getByRole("button", { name: "Send" }).click();
    await expect(atBob("lunch at one?").first()).toContainText("Edited");
    await expect(atBob("Gladly").getByRole("blockquote")).toContainText("lunch at one?");
  });

  await test.step("a message is deleted for everyone, and one on this device alone", async () => {
    await alice.send("not for you");
    await expect(atBob("not for you")).toBeVisible();
    await act(alice, atAlice("not for you"), "Delete for everyone");
    await alice.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(atBob("This message was deleted")).toBeVisible();
    await expect(atBob("not for you")).toHaveCount(0);
    await bob.send("for alice to delete");
    await act(alice, atAlice("for alice to delete"), "Delete for me");
    await alice.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(atAlice("for alice to delete")).toHaveCount(0);
    await expect(atBob("for alice to delete")).toBeVisible();
  });

  await test.step("a message is forwarded to another chat", async () => {
    await alice.startChat(["bob", "carol"], "Lunch");
    await alice.openChat("bob");
    await act(alice, atAlice("Gladly"), "Forward");
    await alice.page.getByRole("checkbox", { name: "Lunch" }).check();
    await alice.page.getByRole("dialog").getByRole("button", { name: "Forward" }).click();
    await bob.openChat("Lunch");
    await expect(bob.message("Lunch", "Gladly")).toBeVisible();
  });

  await test.step("a poll is voted in, and ended by its author", async () => {
    await bob.openChat("alice");
    await alice.page.getByRole("button", { name: "Attach" }).click();
    await alice.page.getByRole("menuitem", { name: "Poll" }).click();
    await alice.page.getByRole("textbox", { name: "Question" }).fill("Where do we eat?");
    await alice.page.getByRole("textbox", { name: "Answer 1" }).fill("Inside");
    await alice.page.getByRole("textbox", { name: "Answer 2" }).fill("Outside");
    await alice.page.getByRole("button", { name: "Send poll" }).click();
    await atBob("Where do we eat?").getByRole("button", { name: /Outside/ }).click();
    const outside = atAlice("Where do we eat?").getByRole("button", { name: /Outside.*1 vote/ });
    await expect(outside).toBeVisible();
    await outside.click();
    await expect(atBob("Where do we eat?").getByRole("button", { name: /Outside.*2 votes/ })).toBeVisible();
    await act(alice, atAlice("Where do we eat?"), "End poll");
    await alice.page.getByRole("dialog").getByRole("button", { name: "End poll" }).click();
    await expect(atBob("Where do we eat?")).toContainText("Final result");
  });

  await test.step("all of it is there after a reload", async () => {
    await alice.page.reload();
    await bob.page.reload();
    for (const [person, title] of [[alice, "bob"], [bob, "alice"]] as const) {
      const original = person.message(title, "lunch at one?").first();
      await expect(original.getByRole("button", { name: "👍 1", exact: true })).toBeVisible();
      await expect(original).toContainText("Edited");
      await expect(person.message(title, "Where do we eat?")).toContainText("Final result");
      await expect(person.message(title, "This message was deleted")).toBeVisible();
    }
  });

  await test.step("a second device has what comes from now on, and changes it", async () => {
    const second = await Person.open(browser, stack.url, "alice");
    await second.signIn();
    await second.connected();
    await second.openChat("bob");
    await bob.send("seen on both devices?");
    await react(second, second.message("bob", "seen on both devices?"), "🙏");
    const own = atAlice("seen on both devices?").getByRole("button", { name: "🙏 1", exact: true });
    await expect(own).toHaveAttribute("aria-pressed", "true");
    await expect(atBob("seen on both devices?").getByRole("button", { name: "🙏 1", exact: true }))
      .toHaveAttribute("aria-pressed", "false");
    expect(second.problems).toEqual([]);
  });
  expect([...alice.problems, ...bob.problems]).toEqual([]);
});
