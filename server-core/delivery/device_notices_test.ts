import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import { delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import type { AccountChannels } from "../storage/delivery_store.ts";
import { makeChannel, publishTo, withService } from "../testing/delivery_service.ts";
import { random } from "../testing/seed.ts";
import {
  type AccountChange,
  DeviceNotices,
  maxEntriesPerDevice,
  maxMembersRead,
  maxNoticesPerMinute,
  maxTurns,
} from "./device_notices.ts";

const none = new Uint8Array();
const accountKey = random(32);
const by = random(32);

/** @param dead devices without a subscription that names its run */
function setting(found: AccountChannels, dead: Bytes[] = []) {
  const told: { to: string; entry: Entry }[] = [];
  const asked: number[] = [];
  const clock = { nowMs: 1_000_000 };
  const notices = new DeviceNotices({
    store: {
      accountChannels: ({ most }) => {
        asked.push(most);
        return Promise.resolve(most === 0 ? { ...found, channels: [] } : found);
      },
    },
    live: {
      namesRun: (key) => !dead.some((other) => String(other) === String(key)),
      notify: (key, entry) => void told.push({ to: String(key), entry: entry! }),
    },
    now: () => clock.nowMs,
  });
  const change = async (overrides: Partial<AccountChange> = {}) => {
    notices.changed({ accountKey, to: "all", by, acts: false, ...overrides });
    await notices.idle();
  };
  const turns = () => told.map(({ to, entry }) => [to, String(entry.channelId), entry.turn]);
  return { notices, told, asked, clock, change, turns };
}

const member = (recipientKey: Bytes, own = false) => ({ recipientKey, own });

Deno.test("PEOPLE B1: each of a channel's devices is told its turn once, the account's own ones first", async () => {
  const [own, away] = [random(32), random(32)];
  const others = Array.from({ length: 3 }, () => random(32));
  const channelId = random(32);
  const devices = [member(own, true), member(away, true), ...others.map((key) => member(key))];
  const { change, told, turns } = setting({ version: 4, own: [own, away, by], channels: [{ channelId, devices }] }, [
    away,
  ]);
  await change();
  assert.deepEqual(turns()[0], [String(own), "", 0], "one entry for all of its channels");
  const rest = turns().slice(1);
  assert.deepEqual(rest.map(([, , turn]) => turn), [1, 2, 3]);
  assert.deepEqual(rest.map(([to]) => to).sort(), others.map(String).sort());
  assert.ok(rest.every(([, channel]) => channel === String(channelId)));
  const { seq, kind, body, bodyLength } = told[0].entry;
  assert.deepEqual({ seq, kind, body, bodyLength }, {
    seq: 0,
    kind: EntryKind.DEVICES,
    body: accountKey,
    bodyLength: 32,
  });
});

Deno.test("PEOPLE B1: another member goes first in another channel, and where no own device is connected", async () => {
  const others = Array.from({ length: 5 }, () => random(32));
  const channels = Array.from(
    { length: 20 },
    () => ({ channelId: random(32), devices: others.map((key) => member(key)) }),
  );
  const { change, turns } = setting({ version: 4, own: [by], channels });
  await change();
  const firsts = turns().filter(([, , turn]) => turn === 0);
  assert.equal(firsts.length, channels.length, "the first begins at once");
  assert.ok(new Set(firsts.map(([to]) => to)).size > 1);
});

Deno.test("PEOPLE B1: who has revoked a device mends first, and is not told", async () => {
  const [own, other, channelId] = [random(32), random(32), random(32)];
  const devices = [member(own, true), member(by, true), member(other)];
  const { change, turns } = setting({ version: 4, own: [own, by], channels: [{ channelId, devices }] });
  await change({ acts: true });
  assert.deepEqual(turns(), [[String(own), "", 1], [String(other), String(channelId), 2]]);
});

Deno.test("PEOPLE B1: of two devices whose changes are one notice, each is told of the other's", async () => {
  const other = random(32);
  const { notices, change, turns } = setting({ version: 4, own: [other, by], channels: [] });
  // A new device has its first KeyPackages while another one, which can add it, writes the vault.
  notices.changed({ accountKey, to: "all", by, acts: false });
  await change({ to: "own", by: other });
  assert.deepEqual(turns().map(([to]) => to).sort(), [String(by), String(other)].sort());
});

Deno.test("PEOPLE B1: notices leave the store to others most of the time, and none waits for a stop", async () => {
  const times: { beganMs: number; endedMs: number }[] = [];
  const accountChannels = async () => {
    const beganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 40));
    times.push({ beganMs, endedMs: performance.now() });
    return { version: 1, own: [], channels: [] };
  };
  const notices = new DeviceNotices({
    store: { accountChannels },
    live: { namesRun: () => true, notify: () => {} },
    now: () => 1_000_000,
  });
  const changed = (count: number) => {
    for (let index = 0; index < count; index++) {
      notices.changed({ accountKey: random(32), to: "all", by, acts: false });
    }
  };
  changed(3);
  await notices.idle();
  assert.equal(times.length, 3);
  for (const [index, { beganMs }] of times.slice(1).entries()) {
    assert.ok(beganMs - times[index].endedMs > 200, "seven times as long as a notice took");
  }
  changed(1_000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await notices.close();
  assert.ok(times.length < 10);
});

Deno.test("PEOPLE B1: a subscription that does not name its run gets no such entry, and no turn", async () => {
  const [old, current, channelId] = [random(32), random(32), random(32)];
  const devices = [member(old), member(current)];
  const { change, turns } = setting({ version: 1, own: [], channels: [{ channelId, devices }] }, [old]);
  await change();
  assert.deepEqual(turns(), [[String(current), String(channelId), 0]]);
});

Deno.test("PEOPLE B1: of 2,000 connected members the first 5 are told", async () => {
  const devices = Array.from({ length: 2_000 }, () => member(random(32)));
  const { change, turns, asked } = setting({ version: 1, own: [], channels: [{ channelId: random(32), devices }] });
  await change();
  assert.deepEqual(turns().map(([, , turn]) => turn), Array.from({ length: maxTurns }, (_, turn) => turn));
  assert.deepEqual(asked, [maxMembersRead]);
});

Deno.test("PEOPLE B1: a device that shares 1,000 channels with the account gets 50 entries", async () => {
  const [other, own] = [random(32), random(32)];
  const channels = Array.from({ length: 1_000 }, () => ({
    channelId: random(32),
    devices: [member(other), member(own, true)],
  }));
  const { change, turns } = setting({ version: 1, own: [own], channels });
  await change();
  assert.equal(turns().filter(([to]) => to === String(other)).length, maxEntriesPerDevice);
  assert.equal(turns().filter(([to]) => to === String(own)).length, 1);
});

Deno.test("PEOPLE B1: changes of an account at once are one notice, and those of a minute are counted", async () => {
  const own = random(32);
  const { notices, change, turns, clock, asked } = setting({ version: 1, own: [own], channels: [] });
  for (const to of ["all", "own", "own"] as const) notices.changed({ accountKey, to, by, acts: false });
  await notices.idle();
  assert.deepEqual(asked, [maxMembersRead], "one notice, for all");
  for (let index = 0; index < 20; index++) await change({ to: "own" });
  assert.equal(turns().length, 1 + maxNoticesPerMinute);
  await change({ to: "own", accountKey: random(32) });
  assert.equal(turns().length, 2 + maxNoticesPerMinute, "each account by itself");
  for (let index = 0; index < 20; index++) await change();
  assert.equal(turns().length, 1 + 2 * maxNoticesPerMinute, "the vault's do not use up the list's");
  clock.nowMs += 60_000;
  await change({ to: "own" });
  assert.equal(turns().length, 2 + 2 * maxNoticesPerMinute);
  assert.equal(asked.at(-1), 0, "no channel is read where only own devices are told");
});

Deno.test("PEOPLE B1: an account without a channel has its own devices told", async () => {
  const own = random(32);
  const { change, turns } = setting({ version: 1, own: [own, by], channels: [] });
  await change();
  assert.deepEqual(turns(), [[String(own), String(none), 0]]);
});

Deno.test("PEOPLE B1: the entry comes to subscribeAs, is never stored, and never comes to subscribe", () =>
  withService(3, async ({ as, deps, clock, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const named = { run: random(16), mark: random(16), before: [], displaced: false };
    const current = as(bob).stream(delivery.subscribeAs, { recipientKey: bob.recipientKey, after: 0, ...named });
    const old = as(eve).stream(delivery.subscribe, { recipientKey: eve.recipientKey, after: 0 });
    const entriesOf = async (stream: AsyncGenerator<{ entries: Entry[] }>): Promise<Entry[]> =>
      (await stream.next()).value!.entries;
    for (const stream of [current, old]) {
      assert.deepEqual((await entriesOf(stream)).map(({ kind }) => kind), [EntryKind.WELCOME]);
      assert.deepEqual(await entriesOf(stream), []);
    }
    const notices = new DeviceNotices({ store: deps.store, live: deps.live, now: () => clock.nowMs });
    notices.changed({ accountKey: ann.accountKey, to: "all", by: ann.recipientKey, acts: false });
    const [entry] = await entriesOf(current);
    assert.deepEqual([entry.seq, entry.kind, entry.channelId, entry.body, entry.turn], [
      0,
      EntryKind.DEVICES,
      channelId,
      ann.accountKey,
      0,
    ]);
    const { entries } = await as(bob).call(delivery.fetch, {
      recipientKey: bob.recipientKey,
      channelId: none,
      after: 1,
      limit: 10,
    });
    assert.deepEqual(entries, []);
    await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await entriesOf(old)).map(({ kind }) => kind), [EntryKind.APPLICATION], "and nothing before it");
    for (const stream of [current, old]) await stream.return(undefined);
  }));
