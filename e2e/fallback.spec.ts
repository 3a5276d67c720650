/** HTTPS for as long as the network swallows UDP, and back to WebTransport when it does not. */

import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";

test.use({ transport: "HTTPS" });

test("a chat begun over HTTPS goes on over WebTransport when UDP passes", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await bob.openChat("alice");

  await test.step("a page that is opened again does not wait for UDP another time", async () => {
    await bob.page.reload();
    await bob.connected();
    expect(await bob.transport()).toBe("HTTPS");
    await bob.openChat("alice");
  });

  await test.step("the network lets UDP pass, in the middle of a conversation", async () => {
    const sent: string[] = [];
    stack.unblockUdp();
    await expect(async () => {
      const text = `number ${String(sent.length).padStart(3, "0")}`;
      await alice.send(text);
      sent.push(text);
      for (const person of [alice, bob]) {
        await expect(person.page.getByRole("status").filter({ hasText: /^Connected$/ })).toHaveAttribute(
          "title",
          "WebTransport",
          { timeout: 100 },
        );
      }
    }).toPass({ timeout: 180_000, intervals: [100] });
    await alice.send("number 999");
    await bob.expectTexts("alice", /number \d+/, [...sent, "number 999"]);
    await alice.allSent("bob", /number/);
  });
  expect([...alice.problems, ...bob.problems]).toEqual([]);
});
