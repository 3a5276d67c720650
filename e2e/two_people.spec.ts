import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} says ${String(index + 1).padStart(2, "0")}`);

test("two people chat, a third joins as a group, and reloading keeps it all", async ({ browser, stack, transport }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await test.step("both create accounts and are connected over the transport that the network allows", async () => {
    await alice.createAccount();
    await bob.createAccount();
    expect(await alice.transport()).toBe(transport);
    expect(await bob.transport()).toBe(transport);
  });

  await test.step("20 messages each way arrive in order, none lost, none twice", async () => {
    await alice.startChat(["bob"]);
    await bob.openChat("alice");
    for (const text of numbered("alice", 20)) await alice.send(text);
    for (const text of numbered("bob", 20)) await bob.send(text);
    for (const [person, title] of [[alice, "bob"], [bob, "alice"]] as const) {
      await person.expectTexts(title, /alice says \d+/, numbered("alice", 20));
      await person.expectTexts(title, /bob says \d+/, numbered("bob", 20));
      await person.allSent(title, /says/);
    }
  });

  let crossed: string[] = [];
  await test.step("PEOPLE B2: messages that cross are in one order for both", async () => {
    await Promise.all([alice, bob].map(async (person) => {
      for (let count = 0; count < 10; count++) await person.send(`${person.name} crosses ${count}`);
    }));
    for (const [person, title] of [[alice, "bob"], [bob, "alice"]] as const) {
      await expect(person.message(title, "crosses")).toHaveCount(20);
      await person.allSent(title, /crosses/);
    }
    crossed = await alice.texts("bob", /\w+ crosses \d+/);
    await bob.expectTexts("alice", /\w+ crosses \d+/, crossed);
  });

  const carol = await Person.open(browser, stack.url, "carol");
  await test.step("a third joins as a group", async () => {
    await carol.createAccount();
    await alice.startChat(["bob", "carol"], "Three friends");
    await bob.openChat("Three friends");
    await carol.openChat("Three friends");
    for (const person of [alice, bob, carol]) await person.send(`${person.name} is here`);
    for (const person of [alice, bob, carol]) {
      await expect.poll(async () => (await person.texts("Three friends", /\w+ is here/)).sort()).toEqual([
        "alice is here",
        "bob is here",
        "carol is here",
      ]);
    }
  });

  await test.step("a reload of each page keeps the history and goes on", async () => {
    for (const person of [alice, bob, carol]) {
      await person.page.reload();
      await person.connected();
    }
    await alice.openChat("bob");
    await bob.openChat("alice");
    await alice.expectTexts("bob", /(alice|bob) says \d+/, await bob.texts("alice", /(alice|bob) says \d+/));
    await alice.expectTexts("bob", /bob says \d+/, numbered("bob", 20));
    await alice.expectTexts("bob", /\w+ crosses \d+/, crossed);
    await bob.expectTexts("alice", /\w+ crosses \d+/, crossed);
    await alice.send("after the reload");
    await expect(bob.message("alice", "after the reload")).toHaveCount(1);
    await bob.send("still here");
    await expect(alice.message("bob", "still here")).toHaveCount(1);
  });

  for (const person of [alice, bob, carol]) {
    // Who suspects its connection asks the server over HTTPS as well, and stays where it is (docs/decisions/036).
    expect(await person.transport()).toBe(transport);
    expect(person.problems).toEqual([]);
  }
});
