import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { Account } from "../../../schema/rpc/methods.ts";
import { ServerClock } from "../server_clock.ts";
import { AccountDirectory } from "./directory.ts";
import { rejectsWith, setting } from "./testing/directory_setting.ts";
import { HeldAccount, newDevice } from "./testing/fake_directory.ts";

Deno.test("byUsername() pins an account at first sight and knows it after a restart", async () => {
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

Deno.test("byUsername() rejects with L004 for an unknown name; search() leaves the own name out", async () => {
  const { directory, server } = await setting();
  await rejectsWith(directory.byUsername("nobody"), "L004");
  server.show((await HeldAccount.create("me.myself", [await newDevice()])).answer);
  assert.deepEqual(await directory.search("m"), []);
  assert.deepEqual(await directory.search("b"), ["bob"]);
  assert.deepEqual(await directory.search(""), []);
});

Deno.test("an account with another key is blocked until the user accepts the key", async () => {
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

Deno.test("acceptChangedKey() pins only the key whose safety number was shown", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  const [second, third] = [
    await HeldAccount.create("bob", [await newDevice()]),
    await HeldAccount.create("bob", [await newDevice()]),
  ];
  server.show(second.answer);
  const shown = (await directory.lookUpForVerification("bob")).changedKey!;
  assert.deepEqual(shown, second.accountKey);
  // A leaf with a third key makes this device ask the server about it.
  server.show(third.answer);
  await directory.refresh([third.accountKey]);
  assert.deepEqual(
    (await directory.byKey(bob.accountKey))?.changedKey,
    second.accountKey,
    "the compared key stays the shown key",
  );
  await rejectsWith(directory.acceptChangedKey("bob", shown), "L017");
  assert.deepEqual((await directory.known()).map(({ accountKey }) => toHex(accountKey)), [toHex(bob.accountKey)]);
  assert.deepEqual(
    (await directory.lookUpForVerification("bob")).changedKey,
    third.accountKey,
    "another look shows the new key",
  );
  server.show(second.answer);
  assert.deepEqual((await directory.acceptChangedKey("bob", shown)).accountKey, second.accountKey);
  await rejectsWith(directory.requireUnchanged([third]), "L016");
});

Deno.test("an account that answers with the pinned key again needs no decision", async () => {
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

Deno.test("refresh() takes newer lists only and returns the accounts that changed", async () => {
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

Deno.test("refresh() refuses a bad signature, another account's list and another key", async () => {
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
    await rejectsWith(directory.byUsername("bob"), "L020");
  }
  assert.deepEqual(await directory.known(), []);
});

Deno.test("refresh() asks in halves when an answer is too large, and reports newer lists", async () => {
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

Deno.test("PEOPLE A8: a stored list that is judged differently now, or can not be read, closes nothing", async () => {
  const { directory, store, open, server, bob } = await setting();
  const known = await directory.byUsername("bob");
  const carol = await HeldAccount.create("carol", [await newDevice()]);
  server.show(carol.answer);
  await directory.byUsername("carol");
  const key = `k/${toHex(bob.accountKey)}`;
  const stored = (await store.get<Record<string, unknown>>("accounts", key))!;
  const changed = async (fields: Record<string, unknown>) => {
    await store.write({ puts: [{ store: "accounts", key, value: { ...stored, ...fields } }] });
    return await open();
  };
  const judged = await changed({ signature: new Uint8Array(64) });
  assert.deepEqual((await judged.byKey(bob.accountKey))?.devices, known.devices);
  const unread = await changed({ list: new Uint8Array([1]) });
  assert.deepEqual((await unread.known()).map(({ username }) => username).sort(), ["bob", "carol"]);
  const other = await HeldAccount.create("bob", [await newDevice()]);
  server.show(other.answer);
  await rejectsWith(unread.byUsername("bob"), "L007");
});

Deno.test("PEOPLE A2: refresh() takes the lists of others where one is not valid, and reports that one", async () => {
  const { directory, server, bob, problems } = await setting();
  const [carol, dave] = [
    await HeldAccount.create("carol", [await newDevice()]),
    await HeldAccount.create("dave", [await newDevice()]),
  ];
  server.show({ ...bob.answer, devices: { ...bob.answer.devices, signature: new Uint8Array(64) } });
  for (const { answer } of [carol, dave]) server.show(answer);
  const keys = [bob, carol, dave].map(({ accountKey }) => accountKey);
  assert.deepEqual((await directory.refresh(keys)).map(({ username }) => username), ["carol", "dave"]);
  assert.deepEqual(problems.map(({ code }) => code), ["L020"]);
  await rejectsWith(directory.refresh([bob.accountKey]), "L020");
});
