import assert from "node:assert/strict";
import { authentication } from "../../schema/rpc/methods.ts";
import { answerOf, Rig } from "./testing/rig.ts";

Deno.test("lookup gives an account by its exact name, or E012", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const { account } = await alice.client.call(authentication.lookup, { username: "alice" });
  assert.deepEqual(account, { username: "alice", accountKey: alice.list.accountKey, devices: alice.signed });
  for (const username of ["alic", "alicee", "Alice", "", "%", "'"]) {
    assert.equal(await answerOf(alice.client.call(authentication.lookup, { username })), "E012");
  }
});

Deno.test("lookupAccounts leaves unknown keys out; over 100 and of another length is E014", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const keys = [bob.list.accountKey, new Uint8Array(32), alice.list.accountKey];
  const { accounts } = await alice.client.call(authentication.lookupAccounts, { accountKeys: keys });
  assert.deepEqual(accounts.map(({ username }) => username), ["bob", "alice"]);
  const ask = (accountKeys: Uint8Array<ArrayBuffer>[]) =>
    answerOf(alice.client.call(authentication.lookupAccounts, { accountKeys }));
  assert.equal(await ask(Array.from({ length: 100 }, () => alice.list.accountKey)), "ok");
  assert.equal(await ask(Array.from({ length: 101 }, () => alice.list.accountKey)), "E014");
  assert.equal(await ask([new Uint8Array(31)]), "E014");
});

Deno.test("lookupAccounts answers E011 when the lists do not fit into one message, and answers fewer", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  await alice.putList(
    await alice.nextList(
      [],
      Array.from(
        { length: 1000 },
        () => ({ deviceId: crypto.getRandomValues(new Uint8Array(16)), recipientKey: new Uint8Array(32) }),
      ),
    ),
  );
  const ask = (count: number) =>
    answerOf(
      alice.client.call(authentication.lookupAccounts, {
        accountKeys: Array.from({ length: count }, () => alice.list.accountKey),
      }),
    );
  assert.equal(await ask(10), "ok");
  assert.equal(await ask(100), "E011");
});

Deno.test("CONVERSATIONS: searchUsers finds the exact name alone, unless the operator says else", async () => {
  const rig = new Rig();
  const [bob, ann] = await Promise.all(["bob", "ann", "anna"].map((name) => rig.account(name)));
  const search = async (prefix: string) =>
    (await bob.client.call(authentication.searchUsers, { prefix, limit: 20 })).usernames;
  assert.deepEqual([await search("a"), await search("an"), await search("%")], [[], [], []]);
  assert.deepEqual([await search("ann"), await search("anna"), await search("annab")], [["ann"], ["anna"], []]);
  await rig.store.accounts.deleteAccount({
    accountKey: ann.list.accountKey,
    sessionId: ann.sessionId,
    freshSinceMs: 0,
  });
  assert.deepEqual(await search("ann"), []);
});

Deno.test("searchUsers finds names by prefix, sorted and limited; _ and % are ordinary characters", async () => {
  const rig = new Rig({ config: { directoryPrefix: true } });
  const people = ["bob", "ann", "an_a", "anx", "an-b", "ann.b", "anzz"];
  const [bob] = await Promise.all(people.map((name) => rig.account(name)));
  const search = async (prefix: string, limit = 20) =>
    (await bob.client.call(authentication.searchUsers, { prefix, limit })).usernames;
  assert.deepEqual(await search("an"), ["an-b", "an_a", "ann", "ann.b", "anx", "anzz"]);
  assert.deepEqual(await search("an", 2), ["an-b", "an_a"]);
  assert.deepEqual(await search("an_"), ["an_a"]);
  assert.deepEqual(await search("%"), []);
  assert.deepEqual(await search("_"), []);
  assert.deepEqual(await search("ann"), ["ann", "ann.b"]);
  for (const [prefix, limit] of [["", 5], ["an", 0], ["an", 21]] as const) {
    assert.equal(await answerOf(bob.client.call(authentication.searchUsers, { prefix, limit })), "E014");
  }
});
