import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { Account } from "../../../schema/rpc/methods.ts";
import { EngineError, type EngineProblem } from "../../api/errors.ts";
import { MemoryStorage } from "../../storage/testing/memory.ts";
import { importWrappingKey, SealedStore } from "../../storage/sealed_store.ts";
import { ServerClock } from "../server_clock.ts";
import { credentialOf } from "../devices/device.ts";
import { AccountDirectory } from "./directory.ts";
import { FakeDirectory, HeldAccount, newDevice } from "./testing/fake_directory.ts";

async function setting() {
  const server = new FakeDirectory();
  const store = new SealedStore(new MemoryStorage(), await importWrappingKey(new Uint8Array(32)));
  await store.takeFence();
  const problems: EngineProblem[] = [];
  const seen = { pinned: 0 };
  const open = async () => {
    const directory = new AccountDirectory({
      store,
      rpc: server.rpc,
      clock: new ServerClock(() => 1000),
      ownUsername: "me.myself",
      onPinned: () => seen.pinned++,
      onProblem: (problem) => problems.push(problem),
    });
    await directory.load();
    return directory;
  };
  const phone = await newDevice();
  const bob = await HeldAccount.create("bob", [phone]);
  server.show(bob.answer);
  return { server, store, problems, seen, open, directory: await open(), bob, phone };
}

const rejectsWith = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);

Deno.test("byUsername() pins an account at first sight, and knows it after a restart without a connection", async () => {
  const { directory, open, server, bob, seen } = await setting();
  const known = await directory.byUsername("bob");
  assert.deepEqual([known.username, known.firstSeenMs, known.verified, known.devices.version], ["bob", 1000, false, 1]);
  assert.equal(seen.pinned, 1);
  server.online = false;
  const again = await open();
  assert.deepEqual((await again.byKey(bob.accountKey))?.devices, known.devices);
  await rejectsWith(again.byUsername("bob"), "L001");
  await rejectsWith(again.refresh([bob.accountKey]), "L001");
});

Deno.test("byUsername() says L004 for a name that nobody has, and search() leaves the own name out", async () => {
  const { directory, server } = await setting();
  await rejectsWith(directory.byUsername("nobody"), "L004");
  server.show((await HeldAccount.create("me.myself", [await newDevice()])).answer);
  assert.deepEqual(await directory.search("m"), []);
  assert.deepEqual(await directory.search("b"), ["bob"]);
  assert.deepEqual(await directory.search(""), []);
});

Deno.test("an account that answers with another key stops until the user accepts it", async () => {
  const { directory, server, bob, problems, open } = await setting();
  await directory.byUsername("bob");
  const other = await HeldAccount.create("bob", [await newDevice()]);
  server.show(other.answer);
  await rejectsWith(directory.byUsername("bob"), "L007");
  assert.deepEqual(problems.map(({ code }) => code), ["L007"]);
  await rejectsWith(directory.requireUnchanged([bob]), "L007");
  assert.deepEqual((await (await open()).byKey(bob.accountKey))?.changedKey, other.accountKey);
  const accepted = await directory.acceptChangedKey("bob", other.accountKey);
  assert.deepEqual([toHex(accepted.accountKey), accepted.verified, accepted.changedKey], [
    toHex(other.accountKey),
    false,
    undefined,
  ]);
  assert.equal(await directory.byKey(bob.accountKey), undefined);
  await directory.byUsername("bob");
  await directory.requireUnchanged([other]);
  await rejectsWith(directory.requireUnchanged([other, bob]), "L016");
});

Deno.test("acceptChangedKey() pins the key whose number was shown, and no other that came in between", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  const [second, third] = [
    await HeldAccount.create("bob", [await newDevice()]),
    await HeldAccount.create("bob", [await newDevice()]),
  ];
  server.show(second.answer);
  const shown = (await directory.lookUpForVerification("bob")).changedKey!;
  assert.deepEqual(shown, second.accountKey);
  // A leaf of a third key makes this device ask for it.
  server.show(third.answer);
  await directory.refresh([third.accountKey]);
  assert.deepEqual(
    (await directory.byKey(bob.accountKey))?.changedKey,
    second.accountKey,
    "what is being compared stays what is shown",
  );
  await rejectsWith(directory.acceptChangedKey("bob", shown), "L017");
  assert.deepEqual((await directory.known()).map(({ accountKey }) => toHex(accountKey)), [toHex(bob.accountKey)]);
  assert.deepEqual(
    (await directory.lookUpForVerification("bob")).changedKey,
    third.accountKey,
    "who looks again sees the new one",
  );
  server.show(second.answer);
  assert.deepEqual((await directory.acceptChangedKey("bob", shown)).accountKey, second.accountKey);
  await rejectsWith(directory.requireUnchanged([third]), "L016");
});

Deno.test("an account whose pinned key is back needs no decision any more, and a third key is not what the user was shown", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  server.show((await HeldAccount.create("bob", [await newDevice()])).answer);
  await rejectsWith(directory.byUsername("bob"), "L007");
  const shown = (await directory.byKey(bob.accountKey))!.changedKey!;
  server.show((await HeldAccount.create("bob", [await newDevice()])).answer);
  await rejectsWith(directory.acceptChangedKey("bob", shown), "L017");
  server.show(bob.answer);
  assert.equal((await directory.byUsername("bob")).changedKey, undefined);
  await directory.requireUnchanged([bob]);
});

Deno.test("refresh() takes the newest list, tells which accounts changed, and never goes back or sideways", async () => {
  const { directory, server, bob, phone, problems } = await setting();
  const [added] = await directory.refresh([bob.accountKey]);
  assert.equal(added.username, "bob");
  assert.deepEqual(await directory.refresh([bob.accountKey, bob.accountKey, new Uint8Array(32)]), []);
  const laptop = await newDevice();
  const first = bob.answer;
  const second = await bob.change([phone, laptop]);
  server.show(second);
  assert.deepEqual((await directory.refresh([bob.accountKey])).map(({ devices }) => devices.version), [2]);
  const refused: Account[] = [first];
  refused.push(await bob.change([laptop], [], { version: 2, prevHash: new Uint8Array(32).fill(1) }));
  bob.answer = second;
  refused.push(await bob.change([laptop], []));
  bob.answer = second;
  refused.push(await bob.change([phone, laptop], [], { prevHash: new Uint8Array(32).fill(9) }));
  bob.answer = second;
  refused.push(await bob.change([laptop], [], { version: 7 }));
  for (const answer of refused) {
    server.show(answer);
    assert.deepEqual(await directory.refresh([bob.accountKey]), []);
    assert.equal((await directory.byKey(bob.accountKey))?.devices.version, 2);
  }
  assert.equal(problems.length, refused.length);
  bob.answer = second;
  server.show(await bob.change([laptop], [phone.deviceId], { version: 9 }));
  assert.deepEqual((await directory.refresh([bob.accountKey])).map(({ devices }) => devices.version), [9]);
});

Deno.test("refresh() refuses lists that prove nothing: a bad signature, another account's, an answer for another key", async () => {
  const { directory, server, bob } = await setting();
  const mallory = await HeldAccount.create("mallory", [await newDevice()]);
  for (
    const answer of [
      { ...bob.answer, devices: { ...bob.answer.devices, signature: new Uint8Array(64) } },
      { ...bob.answer, devices: mallory.answer.devices },
      { ...mallory.answer, username: "bob" },
    ]
  ) {
    server.show(answer);
    await rejectsWith(directory.byUsername("bob"), "E014");
  }
  assert.deepEqual(await directory.known(), []);
});

Deno.test("trust() takes a leaf of the newest list alone, and asks the server once for one that it does not know", async () => {
  const { directory, server, bob, phone } = await setting();
  const laptop = await newDevice();
  const credential = credentialOf(await bob.enrolled(phone));
  assert.equal(await directory.trust(credential, phone.recipientKey, "add"), true);
  const { calls } = server;
  assert.equal(await directory.trust(credential, phone.recipientKey, "join"), true);
  assert.equal(server.calls, calls);
  const ofLaptop = credentialOf(await bob.enrolled(laptop, 2));
  assert.match(String(await directory.trust(ofLaptop, laptop.recipientKey, "add")), /not in the newest device list/);
  assert.equal(server.calls, calls + 1);
  server.show(await bob.change([phone, laptop]));
  assert.equal(await directory.trust(ofLaptop, laptop.recipientKey, "add"), true);
  assert.match(
    String(await directory.trust({ ...credential, username: "bobby" }, phone.recipientKey, "add")),
    /another username/,
  );
});

Deno.test("trust() refuses a revoked device that is added, and bears one that was in the tree before; isRevoked() tells members to remove it", async () => {
  const { directory, server, bob, phone } = await setting();
  const laptop = await newDevice();
  const credential = credentialOf(await bob.enrolled(phone));
  await directory.byUsername("bob");
  assert.equal(await directory.isRevoked(credential), false);
  server.show(await bob.change([laptop], [phone.deviceId]));
  assert.equal(await directory.isRevoked(credential), true);
  assert.match(String(await directory.trust(credential, phone.recipientKey, "add")), /revoked/);
  assert.equal(await directory.trust(credential, phone.recipientKey, "join"), true);
  assert.equal(await directory.trust(credential, phone.recipientKey, "member"), true);
});

Deno.test("trust() refuses a leaf under another account key than the pinned one, and marks the account", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  const tablet = await newDevice();
  const other = await HeldAccount.create("bob", [tablet]);
  server.answers.push(other.answer);
  assert.match(
    String(await directory.trust(credentialOf(await other.enrolled(tablet)), tablet.recipientKey, "add")),
    /pinned to another account key/,
  );
  assert.deepEqual((await directory.byKey(bob.accountKey))?.changedKey, other.accountKey);
});

Deno.test("trust() rejects, and does not refuse, when the server can not be asked about a leaf that is unknown", async () => {
  const { directory, server, bob, phone } = await setting();
  const credential = credentialOf(await bob.enrolled(phone));
  server.online = false;
  await rejectsWith(directory.trust(credential, phone.recipientKey, "add"), "L001");
  server.online = true;
  await directory.byUsername("bob");
  server.online = false;
  assert.equal(await directory.trust(credential, phone.recipientKey, "add"), true);
});

Deno.test("importPins() makes the vault's pins count at first sight here: the same key keeps its history, another is refused until accepted", async () => {
  const { directory, open, bob, problems } = await setting();
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 7,
    verified: true,
    decided: 0,
  }]);
  const known = await (await open()).byUsername("bob");
  assert.deepEqual([known.firstSeenMs, known.verified], [7, true]);

  const other = await setting();
  await other.directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 7,
    verified: true,
    decided: 0,
  }]);
  await rejectsWith(other.directory.byUsername("bob"), "L007");
  assert.equal(problems.length, 0);
  assert.deepEqual((await other.directory.pins()).map(({ accountKey }) => toHex(accountKey)), [toHex(bob.accountKey)]);
  assert.deepEqual(
    (await other.directory.acceptChangedKey("bob", other.bob.accountKey)).accountKey,
    other.bob.accountKey,
  );
});

Deno.test("importPins() of an earlier pin with another key stops what goes to the account until the user decides, whatever the server answers", async () => {
  const { directory, open, bob, problems } = await setting();
  await directory.byUsername("bob");
  const earlier = new Uint8Array(32).fill(9);
  await directory.importPins([{ username: "bob", accountKey: earlier, firstSeen: 7, verified: false, decided: 0 }]);
  assert.deepEqual(problems.map(({ code }) => code), ["L007"]);
  await rejectsWith(directory.requireUnchanged([bob]), "L007");
  // The server that lied about the key goes on answering with it: that settles nothing.
  const again = await open();
  await again.refresh([bob.accountKey]);
  await rejectsWith(again.requireUnchanged([bob]), "L007");
  await rejectsWith(again.byUsername("bob"), "L007");
  const accepted = await again.acceptChangedKey("bob", bob.accountKey);
  assert.deepEqual([toHex(accepted.accountKey), accepted.decided], [toHex(bob.accountKey), 1]);
  await again.requireUnchanged([bob]);
  assert.deepEqual((await again.pins()).map(({ accountKey, decided }) => [toHex(accountKey), decided]), [[
    toHex(bob.accountKey),
    1,
  ]]);
});

Deno.test("importPins() of a later pin with another key changes nothing here", async () => {
  const { directory, bob, problems } = await setting();
  await directory.byUsername("bob");
  await directory.importPins([{
    username: "bob",
    accountKey: new Uint8Array(32).fill(9),
    firstSeen: 2000,
    verified: false,
    decided: 0,
  }]);
  await directory.requireUnchanged([bob]);
  assert.deepEqual([(await directory.byUsername("bob")).changedKey, problems.length], [undefined, 0]);
});

Deno.test("importPins() follows what the user decided on another device: another key, compared numbers, and that taken back", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 1000,
    verified: true,
    decided: 1,
  }]);
  assert.equal((await directory.byKey(bob.accountKey))?.verified, true);
  await directory.setVerified(bob.accountKey, false);
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 1000,
    verified: true,
    decided: 1,
  }]);
  assert.equal((await directory.byKey(bob.accountKey))?.verified, false, "the decision here was later");
  const other = await HeldAccount.create("bob", [await newDevice()]);
  await directory.importPins([{
    username: "bob",
    accountKey: other.accountKey,
    firstSeen: 5000,
    verified: false,
    decided: 3,
  }]);
  await rejectsWith(directory.requireUnchanged([bob]), "L016");
  await rejectsWith(directory.byUsername("bob"), "L007");
  server.show(other.answer);
  assert.deepEqual((await directory.byUsername("bob")).accountKey, other.accountKey);
  assert.equal(await directory.byKey(bob.accountKey), undefined);
});

Deno.test("refresh() halves what makes too large an answer, and tells of newer lists", async () => {
  const { server, store } = await setting();
  const phones = await Promise.all(["ann", "ben", "cat", "dan", "eve"].map(() => newDevice()));
  const people = await Promise.all(
    ["ann", "ben", "cat", "dan", "eve"].map((name, index) => HeldAccount.create(name, [phones[index]])),
  );
  for (const { answer } of people) server.show(answer);
  const told: string[] = [];
  const directory = new AccountDirectory({
    store,
    rpc: server.rpc,
    clock: new ServerClock(() => 1000),
    ownUsername: "me.myself",
  });
  const stop = directory.watch(({ username }) => told.push(username));
  server.mostAccounts = 2;
  assert.equal((await directory.refresh(people.map(({ accountKey }) => accountKey))).length, 5);
  assert.deepEqual(told, [], "accounts that are new here have no older list");
  server.show(await people[3].change([phones[3], await newDevice()]));
  await directory.refresh(people.map(({ accountKey }) => accountKey));
  assert.deepEqual(told, ["dan"]);
  stop();
  server.mostAccounts = 0;
  assert.deepEqual(await directory.refresh([people[0].accountKey]), []);
});
