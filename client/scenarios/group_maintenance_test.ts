import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import type { DeviceList } from "../../schema/device_list.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { Member } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { outsider } from "../testing/outsider.ts";
import { password, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";
import { deviceListDiffOf } from "../sync/membership/device_list_diff.ts";
import { renewAfterMessages } from "../sync/commits/renewal.ts";

suite("what groups need without anyone asking", {
  "PEOPLE A4: GRP-6.3: a device renews its leaf after 150 own messages": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const { rpc } = await outsider(core, anna);
    const epoch = async () => (await rpc.call(delivery.channelState, { channelId: fromHex(chatId) })).epoch;
    for (let count = 0; count < renewAfterMessages - 1; count++) await anna.says(chatId, `${count}`);
    await anna.settled(chatId);
    assert.equal(await epoch(), 1);
    await anna.says(chatId, "the last straw");
    await anna.settled(chatId);
    await anna.engine.settled(AbortSignal.timeout(60_000));
    assert.equal(await epoch(), 1, "not so soon after the last commit in the channel");
    core.time.pass(20 * 60_000);
    await anna.says(chatId, "a while later");
    await anna.until(async () => await epoch() === 2, "the renewal");
    await anna.says(chatId, "fresh");
    await bert.until(
      async () => (await bert.texts(chatId, anna.username)).length === renewAfterMessages + 2,
      "all messages",
    );
  },

  "a device that was evicted comes back as a new one; the old one is taken out of the chat, visibly": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "long running");
    await anna.says(chatId, "before");
    await bert.hears(chatId, anna.username, ["before"]);
    await bert.evict();
    assert.deepEqual(await bert.engine.account(), { kind: "ended", username: bert.username, code: "evicted" });
    await bert.engine.signIn(bert.username, password);
    await bert.connected();
    await anna.crash();
    await anna.connected();
    await bert.sees(chatId);
    await anna.until(async () => {
      const notices = await anna.notices(chatId);
      return [`device-removed ${bert.username}`, `device-added ${bert.username}`].every((start) =>
        notices.some((notice) => notice.startsWith(start))
      );
    }, "the lines about the devices");
    await anna.says(chatId, "after");
    await bert.hears(chatId, anna.username, ["after"]);
    await bert.says(chatId, "back again");
    await anna.hears(chatId, bert.username, ["back again"]);
  },

  "a known revoked device is removed although the server answers no question about devices": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "withheld");
    await bert.sees(chatId);
    anna.refuses = (method) => method === "lookupAccounts";
    await bert.evict();
    await bert.engine.signIn(bert.username, password);
    await bert.connected();
    // Looking up a person for another chat brings the newest list.
    await anna.engine.startChat([bert.username], "another");
    await anna.crash();
    await anna.connected();
    await anna.until(
      async () => (await anna.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
      "the old device to go",
    );
    await anna.until(() => anna.problems.length > 0, "the failing calls to be said");
    assert.match(JSON.stringify(anna.problems), /E050/);
    anna.refuses = () => false;
  },

  "messages wait while an account's key is changed, over a restart too, until the user accepts the key": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.says(chatId, "first");
    await bert.hears(chatId, anna.username, ["first"]);
    anna.refuses = (method) => method === "publish";
    for (const text of ["second", "third"]) await anna.says(chatId, text);
    await anna.engine.close();
    // On disk: another key of bert's account is seen; one message may have reached the server already, the
    // other still waits for a commit before it can be sealed.
    anna.storage = anna.storage.restarted();
    const store = new SealedStore(anna.storage, anna.wrappingKey);
    await store.takeFence();
    const place = `k/${(await bert.engine.account() as { accountKey: string }).accountKey}`;
    const [account, [, waiting]] = [
      await store.get<Record<string, unknown>>("accounts", place),
      await store.range<Record<string, unknown>>("outbox", ""),
    ];
    await store.write({
      puts: [
        { store: "accounts", key: place, value: { ...account, changedKey: new Uint8Array(32).fill(9) } },
        {
          store: "outbox",
          key: waiting.key,
          value: { ...waiting.value, sealed: undefined },
          context: { channelId: fromHex(chatId) },
        },
      ],
    });
    anna.storage = anna.storage.restarted();
    // The directory shows the pinned key again when it is asked, and that would settle it.
    anna.refuses = (method) => method === "lookupAccounts";
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    await anna.start();
    await anna.connected();
    await anna.engine.settled(AbortSignal.timeout(60_000));
    await assert.rejects(anna.says(chatId, "fourth"), /L007/);
    assert.deepEqual(tap.published, [], "nothing leaves");
    const own = async () =>
      (await anna.items(chatId)).flatMap((item) =>
        item.kind === "message" && item.own ? [`${item.text} ${item.state}`] : []
      );
    assert.deepEqual(await own(), ["first sent", "second waiting", "third waiting"]);
    await anna.engine.acceptChangedKey(bert.username, place.slice("k/".length));
    await bert.hears(chatId, anna.username, ["first", "second", "third"]);
    await anna.until(async () => (await own()).every((line) => line.endsWith("sent")), "the messages to be sent");
    await anna.says(chatId, "fourth");
    await bert.hears(chatId, anna.username, ["first", "second", "third", "fourth"]);
  },

  "who wants to leave is not held up by messages that wait for a decision about a key": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "a group");
    await anna.sees(chatId);
    anna.refuses = (method) => method === "publish" || method === "lookupAccounts";
    await anna.says(chatId, "never sent");
    await anna.engine.close();
    anna.storage = anna.storage.restarted();
    const store = new SealedStore(anna.storage, anna.wrappingKey);
    await store.takeFence();
    const place = `k/${(await bert.engine.account() as { accountKey: string }).accountKey}`;
    await store.write({
      puts: [{
        store: "accounts",
        key: place,
        value: {
          ...await store.get<Record<string, unknown>>("accounts", place),
          changedKey: new Uint8Array(32).fill(9),
        },
      }],
    });
    anna.storage = anna.storage.restarted();
    anna.refuses = (method) => method === "lookupAccounts";
    await anna.start();
    await anna.connected();
    await anna.engine.leaveChat(chatId);
    await anna.sees(chatId, ({ active }) => !active);
    await bert.sees(chatId, ({ members }) => members.length === 1);
    assert.deepEqual(await bert.texts(chatId, anna.username), []);
  },

  "GRP-2.2: someone leaves while messages are sent; nothing is lost and the leaver is out": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "crowd");
    await Promise.all([bert.sees(chatId), carl.sees(chatId)]);
    const leaving = carl.engine.leaveChat(chatId);
    const expected = Array.from({ length: 10 }, (_, index) => `while leaving ${index}`);
    for (const text of expected) await anna.says(chatId, text);
    await leaving;
    await carl.sees(chatId, ({ active }) => !active);
    await bert.hears(chatId, anna.username, expected);
    await bert.sees(chatId, ({ members }) => members.length === 2);
    await anna.settled(chatId);
  },
});

Deno.test("driftOf() finds listed devices that are missing and members that are revoked", () => {
  const key = (fill: number, length: number) => new Uint8Array(length).fill(fill);
  const member = (fill: number) =>
    ({
      recipientKey: key(fill, 32),
      credential: { accountKey: key(9, 32), deviceId: key(fill, 16) },
    }) as unknown as Member;
  const device = (fill: number) => ({ deviceId: key(fill, 16), recipientKey: key(fill, 32) });
  const list = { devices: [device(1), device(3)], revoked: [key(2, 16)] } as unknown as DeviceList;
  const diff = deviceListDiffOf(
    [member(1), member(2)],
    new Map([[toHex(key(9, 32)), list], [toHex(key(8, 32)), list]]),
  );
  assert.deepEqual(diff.missing.map(({ device }) => device.deviceId[0]), [3]);
  assert.deepEqual(diff.revoked.map(({ credential }) => credential.deviceId[0]), [2]);
});
