/** Receipts, invite links, the search and a chat's timer through the real stack. */

import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";
import { openMessageMenu } from "../web/testing/message_menu.ts";

const dialogOf = ({ page }: Person) => page.getByRole("dialog");

test("CONVERSATIONS: a message is delivered, then read; who tells nothing sees nothing", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("are you there?");
  await bob.openChat("alice");
  await bob.send("yes");
  await bob.page.getByRole("button", { name: "Settings" }).click();
  const state = (words: string, name: string) => alice.message("bob", words).getByRole("img", { name, exact: true });
  await expect(state("are you there?", "Read")).toBeVisible();
  await alice.send("and now?");
  await expect(state("and now?", "Delivered")).toBeVisible();
  await alice.page.reload();
  await alice.openChat("bob");
  await expect(state("are you there?", "Read")).toBeVisible();
  await expect(state("and now?", "Delivered")).toBeVisible();

  await bob.page.getByRole("switch", { name: /Read receipts/ }).click();
  await bob.openChat("alice");
  await expect(bob.message("alice", "and now?")).toBeVisible();
  await bob.send("read in silence");
  await expect(alice.message("bob", "read in silence")).toBeVisible();
  await expect(state("and now?", "Delivered")).toBeVisible();
  await alice.send("hello?");
  await expect(bob.message("alice", "hello?")).toBeVisible();
  const answer = bob.message("alice", "read in silence");
  await expect(answer.getByRole("img", { name: "Delivered", exact: true })).toBeVisible();
  await expect(answer.getByRole("img", { name: "Read", exact: true })).toHaveCount(0);
});

test("CONVERSATIONS: a link opens a chat with somebody new, and a group", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  await alice.createAccount();
  await alice.page.getByRole("button", { name: "New chat" }).click();
  await alice.page.getByRole("button", { name: "Invite by link or QR code" }).click();
  await dialogOf(alice).getByRole("button", { name: "Make a link" }).click();
  const contact = await dialogOf(alice).getByRole("textbox", { name: "Invite link" }).inputValue();
  await dialogOf(alice).getByRole("button", { name: "Close" }).click();

  const carol = await Person.open(browser, contact, "carol");
  await expect(carol.page.getByText("You have an invitation.")).toBeVisible();
  expect(carol.page.url()).not.toContain(contact.split("/i/")[1]);
  await carol.page.getByRole("textbox", { name: "Username" }).fill("carol");
  await carol.page.getByRole("textbox", { name: "Password" }).fill(password);
  await carol.page.getByRole("button", { name: "Create account" }).click();
  await dialogOf(carol).getByRole("button", { name: "Continue" }).click();
  await dialogOf(carol).getByRole("button", { name: "Open the chat" }).click();
  await expect(carol.log("alice")).toBeVisible();
  await carol.send("your link works");
  await alice.openChat("carol");
  await expect(alice.message("carol", "your link works")).toBeVisible();

  const dave = await Person.open(browser, stack.url, "dave");
  await dave.createAccount();
  await alice.startChat(["carol", "dave"], "Garden");
  await alice.page.getByRole("button", { name: "Chat details" }).click();
  await alice.page.getByRole("button", { name: "Invite by link or QR code" }).click();
  await dialogOf(alice).getByRole("button", { name: "Make a link" }).click();
  const group = await dialogOf(alice).getByRole("textbox", { name: "Invite link" }).inputValue();
  await dialogOf(alice).getByRole("button", { name: "Close" }).click();
  const erin = await Person.open(browser, stack.url, "erin");
  await erin.createAccount();
  await erin.page.goto(group);
  await dialogOf(erin).getByRole("textbox").fill("It is me, Erin");
  await dialogOf(erin).getByRole("button", { name: "Ask to join" }).click();
  await expect(dialogOf(erin).getByText("has your request.", { exact: false })).toBeVisible();
  await erin.page.reload();
  await erin.connected();
  await expect(dialogOf(erin), "a used link asks no more").toHaveCount(0);
  await alice.page.getByRole("button", { name: "Let erin in" }).click();
  await erin.openChat("Garden");
  await erin.send("found you");
  await alice.openChat("Garden");
  await expect(alice.message("Garden", "found you")).toBeVisible();
});

test("CONVERSATIONS: the search finds what came, and not what was deleted", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await alice.send("the umbrella is in the boat house");
  await alice.send("forget the umbrella");
  await bob.openChat("alice");
  await bob.send("which umbrella?");
  await expect(alice.message("bob", "which umbrella?")).toBeVisible();
  const field = ({ page }: Person) => page.getByRole("searchbox", { name: "Search", exact: true });
  const hits = ({ page }: Person) =>
    page.getByRole("region", { name: "Search results" }).getByRole("link", { name: /umbrella/ });
  for (const person of [alice, bob]) {
    await field(person).fill("umbr");
    await expect(hits(person)).toHaveCount(3);
    await person.page.reload();
    await person.connected();
    await field(person).fill("boat umbrella");
    await expect(hits(person)).toHaveCount(1);
    await hits(person).click();
    await expect(person.log(person === alice ? "bob" : "alice").getByText("the umbrella is in the boat house"))
      .toBeInViewport();
  }
  const mine = alice.message("bob", "forget the umbrella");
  await openMessageMenu(mine);
  await alice.page.getByRole("menuitem", { name: "Delete for everyone" }).click();
  await dialogOf(alice).getByRole("button", { name: "Delete" }).click();
  await expect(bob.message("alice", "This message was deleted")).toBeVisible();
  for (const person of [alice, bob]) {
    await field(person).fill("umbr");
    await expect(hits(person)).toHaveCount(2);
  }
});
