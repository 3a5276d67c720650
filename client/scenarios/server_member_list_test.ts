import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { isWireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { sealDeviceMessage } from "../sync/device_messages/device_messages.ts";
import { serverListDiff, tellServer } from "../sync/commits/server_member_list.ts";
import type { TestCore } from "../testing/core.ts";
import { random, sendCommit, takeOver, without } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "group");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

async function serverMembers(core: TestCore, person: Person, chatId: string): Promise<string[]> {
  const { rpc } = await outsider(core, person);
  return (await rpc.call(delivery.channelState, { channelId: fromHex(chatId) })).members.map(toHex).sort();
}

async function keysOf(people: Person[]): Promise<string[]> {
  return (await Promise.all(people.map((person) => person.recipientKey()))).map(toHex).sort();
}

suite("a member that tells the server other removals and additions than its commit makes", {
  "GRP-1.3: a removal told to the server alone is seen by everybody, and an admin mends it": async ({ core, join }) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await group([anna, bert, carl, mallory]);
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const victim = await bert.recipientKey();
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, {
      removed: [victim],
      headers: without(pending.bundle.headers, victim),
    });

    await bert.until(
      async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("removed-by-server")),
      "the server's word",
    );
    for (const person of [anna, carl]) {
      await person.until(
        async () => (await person.notices(chatId)).includes(`server-differs ${mallory.username}`),
        "the difference",
      );
    }
    await bert.sees(chatId, ({ active }) => active);
    await bert.until(
      async () =>
        (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined") && notice.includes(anna.username)),
      "being re-added",
    );
    assert.deepEqual(await serverMembers(core, anna, chatId), await keysOf([anna, bert, carl, mallory]));
    await bert.says(chatId, "here again");
    await Promise.all([anna, carl].map((person) => person.hears(chatId, bert.username, ["here again"])));
    assert.ok(!(await bert.notices(chatId)).some((notice) => notice.startsWith("removed ")), "nobody removed him");
  },

  "a removal notice by a member without the right, or for another commit, counts for nothing": async (
    { core, join },
  ) => {
    for (const lie of ["no-admin", "another-commit"] as const) {
      const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
      const chatId = await group(lie === "no-admin" ? [anna, bert, mallory] : [mallory, bert, anna]);
      const { rpc, mls, state } = await takeOver(core, mallory, chatId);
      const victim = await bert.recipientKey();
      const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
      const { deviceSeed, recipientKey } =
        (await new SealedStore(mallory.storage.restarted(), mallory.wrappingKey).get<StoredDevice>(
          "account",
          "device",
        ))!;
      const channelId = fromHex(chatId);
      const commitId = lie === "no-admin" ? pending.commitId : random(16);
      const body = await sealDeviceMessage({
        channelId,
        from: recipientKey,
        to: victim,
        content: { kind: "removing", n: Number(pending.n), commitId },
      }, deviceSeed);
      await rpc.call(delivery.enqueue, { recipientKey: victim, channelId, messageId: random(16), body });
      await sendCommit({ rpc }, chatId, pending, {
        removed: [victim],
        headers: without(pending.bundle.headers, victim),
      });
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("removed-by-server")),
        "the server's word",
      );
      assert.ok(!(await bert.notices(chatId)).some((notice) => notice.startsWith("removed ")), lie);
    }
  },

  "GRP-1.3: a device that only the server was told of is taken off its list by the next honest commit, of a member too":
    async ({ core, join }) => {
      const [anna, bert, mallory, dave, eve] = await joinAll(join, "anna", "bert", "mallory", "dave", "eve");
      const chatId = await group([anna, bert, mallory]);
      await anna.engine.close();
      const { rpc, mls, state } = await takeOver(core, mallory, chatId);
      const stranger = await dave.recipientKey();
      const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
      await sendCommit({ rpc }, chatId, pending, {
        added: [stranger],
        welcome: random(200),
        headers: [...pending.bundle.headers, { recipientKey: stranger, header: random(1168) }],
      });
      await bert.until(
        async () => (await bert.notices(chatId)).includes(`server-differs ${mallory.username}`),
        "the difference",
      );
      await bert.engine.addPeople(chatId, [eve.username]);
      await eve.sees(chatId);
      await bert.until(
        async () => (await serverMembers(core, bert, chatId)).length === 4,
        "the server's list to be the group's",
      );
      assert.deepEqual(await serverMembers(core, bert, chatId), await keysOf([anna, bert, mallory, eve]));
      await assert.rejects(serverMembers(core, dave, chatId), (error) => isWireError(error, 16));
      await anna.start();
      await anna.sees(chatId, ({ members }) => members.length === 4);
      await anna.says(chatId, "all in step");
      await Promise.all([
        bert.hears(chatId, anna.username, ["all in step"]),
        eve.hears(chatId, anna.username, ["all in step"]),
      ]);
    },

  "GRP-7.1: a member that gets a Welcome in place of the commit asks to be re-added, and is": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await group([anna, bert, carl, mallory]);
    await anna.engine.close();
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const victim = await bert.recipientKey();
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, { removed: [victim], added: [victim], welcome: random(200) });
    await bert.until(async () => (await bert.notices(chatId)).includes("rejected GRP-7.1"), "the refusal");
    await carl.until(
      async () => (await carl.notices(chatId)).includes(`server-differs ${mallory.username}`),
      "the difference",
    );
    await bert.until(
      async () =>
        (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined") && notice.includes(carl.username)),
      "being re-added by a member that is no admin",
    );
    await bert.says(chatId, "back");
    await carl.hears(chatId, bert.username, ["back"]);
  },
});

Deno.test("tellServer() takes the server from its list to the group's", () => {
  const key = (fill: number) => new Uint8Array(32).fill(fill);
  const headers = [1, 2, 3, 4].map((fill) => ({ recipientKey: key(fill), header: random(8) }));
  const pending = {
    removed: [key(5)],
    added: [key(4)],
    bundle: { sealedCommit: random(1), sealedWelcome: random(1), headers },
  };
  assert.deepEqual(tellServer(pending, undefined), { removed: [key(5)], added: [key(4)], headers });
  const told = tellServer(pending, [key(1), key(2), key(9)]);
  assert.deepEqual(
    [told.removed, told.added],
    [[key(9)], [key(4)]],
    "5 is gone there already, 9 never was in the group",
  );
  assert.deepEqual(
    told.headers.map(({ recipientKey }) => recipientKey[0]),
    [1, 2, 4],
    "3 can not be told of without a Welcome",
  );
  const again = tellServer({ ...pending, removed: [key(2)], added: [key(2), key(4)] }, [key(1), key(3)]);
  assert.deepEqual([again.removed, again.added, again.headers.length], [[], [key(2), key(4)], 4]);
});

Deno.test("differenceOf() names who is missing on either side", () => {
  const key = (fill: number) => new Uint8Array(32).fill(fill);
  const members = [{ recipientKey: key(1) }, { recipientKey: key(2) }] as never;
  const { missing, extra } = serverListDiff(members, [key(2), key(3)]);
  assert.deepEqual([missing.map(({ recipientKey }) => recipientKey), extra], [[key(1)], [key(3)]]);
});
