import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { rejectsWith, setting } from "./testing/directory_setting.ts";
import { HeldAccount, newDevice } from "./testing/fake_directory.ts";

Deno.test("importPins() applies a pin of the vault when the account is first looked up", async () => {
  const { directory, open, bob, problems } = await setting();
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 7,
    verified: true,
    decisionCount: 0,
  }]);
  const known = await (await open()).byUsername("bob");
  assert.deepEqual([known.firstSeenMs, known.verified], [7, true]);

  const other = await setting();
  await other.directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 7,
    verified: true,
    decisionCount: 0,
  }]);
  await rejectsWith(other.directory.byUsername("bob"), "L007");
  assert.equal(problems.length, 0);
  assert.deepEqual((await other.directory.pins()).map(({ accountKey }) => toHex(accountKey)), [toHex(bob.accountKey)]);
  assert.deepEqual(
    (await other.directory.acceptChangedKey("bob", other.bob.accountKey)).accountKey,
    other.bob.accountKey,
  );
});

Deno.test("importPins() of an earlier pin with another key blocks sending until the user decides", async () => {
  const { directory, open, bob, problems } = await setting();
  await directory.byUsername("bob");
  const earlier = new Uint8Array(32).fill(9);
  await directory.importPins([{
    username: "bob",
    accountKey: earlier,
    firstSeen: 7,
    verified: false,
    decisionCount: 0,
  }]);
  assert.deepEqual(problems.map(({ code }) => code), ["L007"]);
  await rejectsWith(directory.requireUnchanged([bob]), "L007");
  // The server with the false key gives the same answer again, which must not settle the question.
  const again = await open();
  await again.refresh([bob.accountKey]);
  await rejectsWith(again.requireUnchanged([bob]), "L007");
  await rejectsWith(again.byUsername("bob"), "L007");
  const accepted = await again.acceptChangedKey("bob", bob.accountKey);
  assert.deepEqual([toHex(accepted.accountKey), accepted.decisionCount], [toHex(bob.accountKey), 1]);
  await again.requireUnchanged([bob]);
  assert.deepEqual((await again.pins()).map(({ accountKey, decisionCount }) => [toHex(accountKey), decisionCount]), [
    [
      toHex(bob.accountKey),
      1,
    ],
  ]);
});

Deno.test("importPins() ignores a later pin with another key", async () => {
  const { directory, bob, problems } = await setting();
  await directory.byUsername("bob");
  await directory.importPins([{
    username: "bob",
    accountKey: new Uint8Array(32).fill(9),
    firstSeen: 2000,
    verified: false,
    decisionCount: 0,
  }]);
  await directory.requireUnchanged([bob]);
  assert.deepEqual([(await directory.byUsername("bob")).changedKey, problems.length], [undefined, 0]);
});

Deno.test("importPins() follows the user's decisions on another device", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 1000,
    verified: true,
    decisionCount: 1,
  }]);
  assert.equal((await directory.byKey(bob.accountKey))?.verified, true);
  await directory.setVerified(bob.accountKey, false);
  await directory.importPins([{
    username: "bob",
    accountKey: bob.accountKey,
    firstSeen: 1000,
    verified: true,
    decisionCount: 1,
  }]);
  assert.equal((await directory.byKey(bob.accountKey))?.verified, false, "the decision here was later");
  const other = await HeldAccount.create("bob", [await newDevice()]);
  await directory.importPins([{
    username: "bob",
    accountKey: other.accountKey,
    firstSeen: 5000,
    verified: false,
    decisionCount: 3,
  }]);
  await rejectsWith(directory.requireUnchanged([bob]), "L016");
  await rejectsWith(directory.byUsername("bob"), "L007");
  server.show(other.answer);
  assert.deepEqual((await directory.byUsername("bob")).accountKey, other.accountKey);
  assert.equal(await directory.byKey(bob.accountKey), undefined);
});

Deno.test("stored pins and accounts keep the field `decided`", async () => {
  const { directory, store, bob } = await setting();
  await directory.byUsername("bob");
  await directory.setVerified(bob.accountKey, true);
  await directory.importPins(await directory.pins());
  const [pin] = (await store.get<{ username: string; decided: number }[]>("accounts", "vault-pins"))!;
  assert.deepEqual([pin.username, pin.decided], ["bob", 1]);
  const account = await store.get<{ decided: number }>("accounts", `k/${toHex(bob.accountKey)}`);
  assert.equal(account?.decided, 1);
});
