import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { KeyPackageFetch } from "../membership/key_package_fetch.ts";
import { createReplacement, randomChannelId, type ReplacementReason } from "./create_replacement.ts";

const channelId = (...first: number[]) => new Uint8Array([...first, ...new Uint8Array(32 - first.length)]);

Deno.test("randomChannelId() is smaller than the one before it, and chosen anew when that is very small", () => {
  for (const below of [channelId(255, 1), channelId(1), channelId(0, 0, 7), channelId(0, 0, 0, 1)]) {
    for (let n = 0; n < 50; n++) assert.ok(toHex(randomChannelId(below)) < toHex(below));
  }
  const verySmall = new Uint8Array(32);
  verySmall[20] = 1;
  for (const below of [verySmall, new Uint8Array(32)]) {
    const [first, second] = [randomChannelId(below), randomChannelId(below)];
    assert.equal(first.length, 32);
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first.subarray(0, 16), new Uint8Array(16));
  }
});

Deno.test("createReplacement() creates none for a device that has been helped or moved since it decided", async () => {
  const desync = { code: "GRP-2.2" as const, epoch: 8, need: "readd" as const };
  const outOfStep = { kind: "out-of-step" as const, desync };
  const reached = async (reason: ReplacementReason, standing: { kind: "member" } | typeof outOfStep) => {
    let looks = 0;
    const context = {
      account: {},
      conversations: {
        get: () => ({ record: { standing, epoch: 7 } }),
        withState: () => Promise.resolve(undefined),
        all: () => [],
      },
      // The first that making one needs.
      store: {
        get: () => {
          looks++;
          return Promise.resolve(undefined);
        },
      },
    };
    await createReplacement(context as unknown as SyncContext, {} as Committer, {} as KeyPackageFetch, "07", reason);
    return looks > 0;
  };
  assert.equal(await reached("rejected-commit", outOfStep), true);
  assert.equal(await reached("rejected-commit", { kind: "member" }), false);
  assert.equal(await reached("state-lost", { kind: "member" }), false);
  assert.equal(await reached("server-behind", { kind: "member" }), true, "at a member's word");
});

Deno.test("createReplacement() creates none for a device that is helped while it fetches the KeyPackages", async () => {
  const desync = { code: "GRP-2.2" as const, epoch: 8, need: "readd" as const };
  const made = async (meanwhile: Partial<ConversationRecord>, others: Partial<ConversationRecord>[] = []) => {
    let record = {
      channelId: channelId(9),
      firstChannelId: channelId(9),
      standing: { kind: "out-of-step", desync },
      epoch: 7,
      leaving: true,
      commits: [],
      members: [],
    } as unknown as ConversationRecord;
    const created: Partial<ConversationRecord>[] = [];
    const context = {
      account: {
        clock: { now: () => 0 },
        recipientKey: new Uint8Array(32),
        deviceSeed: new Uint8Array(32),
        keyPackages: { forOwnGroup: () => Promise.resolve({}) },
        directory: {
          refresh: () => {
            record = { ...record, ...meanwhile };
            return Promise.resolve();
          },
        },
      },
      conversations: {
        get: () => ({ record }),
        withState: () => Promise.resolve(undefined),
        all: () => others.map((record) => ({ record })),
        update: (work: (unit: unknown) => Promise<boolean>) =>
          work({
            create: ({ succeeds, standing, leaving }: ConversationRecord) => {
              created.push({ succeeds: succeeds!, standing, leaving });
              return Promise.reject(new Error("far enough"));
            },
          }),
      },
      mls: { createGroup: () => Promise.resolve({}) },
      store: { get: () => Promise.resolve([{ n: 7, hash: new Uint8Array(32) }]) },
    } as unknown as SyncContext;
    await createReplacement(context, {} as Committer, {} as KeyPackageFetch, "07", "rejected-commit").catch(
      (error: Error) => assert.equal(error.message, "far enough"),
    );
    return created;
  };
  const candidate = { succeeds: "07", standing: { kind: "pending" as const }, leaving: false };
  assert.deepEqual(await made({}), [candidate], "it is not the channel's business who wants to leave");
  const under = (standing: ConversationRecord["standing"]) => [{ succeeds: "07", standing }];
  assert.deepEqual(await made({}, under({ kind: "left", neverShown: true })), [candidate], "an earlier one has ended");
  assert.deepEqual(await made({}, under({ kind: "pending" })), [], "another one is under way");
  assert.deepEqual(await made({ standing: { kind: "member" } }), []);
  assert.deepEqual(await made({ epoch: 9 }), []);
  assert.deepEqual(await made({ channelId: channelId(3) }), []);
});

Deno.test("createReplacement() stays below the replaced channel where a refused one leaves no room", async () => {
  const verySmall = new Uint8Array(32);
  verySmall[20] = 1;
  for (const below of [undefined, channelId(3), verySmall]) {
    let chosen = new Uint8Array();
    const context = {
      account: { recipientKey: new Uint8Array(32), deviceSeed: new Uint8Array(32), clock: { now: () => 0 } },
      conversations: {
        get: () => ({
          record: {
            channelId: channelId(1, 0, 0, 9),
            firstChannelId: channelId(1),
            standing: { kind: "member" },
            epoch: 7,
            commits: [],
            members: [],
          },
        }),
        withState: () => Promise.resolve({}),
        all: () => [],
      },
      mls: {
        transcriptHash: () => new Uint8Array(32),
        info: () => ({}),
        members: () => [],
        damage: () => undefined,
        createGroup: (group: { channelId: Uint8Array<ArrayBuffer> }) => {
          chosen = group.channelId;
          return Promise.reject(new Error("far enough"));
        },
      },
      store: { get: () => Promise.resolve(undefined) },
    } as unknown as SyncContext;
    (context.account as { keyPackages?: unknown; directory?: unknown }).keyPackages = {
      forOwnGroup: () => Promise.resolve({}),
    };
    (context.account as { directory?: unknown }).directory = { refresh: () => Promise.resolve() };
    const making = createReplacement(context, {} as Committer, {} as KeyPackageFetch, "07", "server-behind", below);
    await assert.rejects(making, { message: "far enough" });
    assert.ok(toHex(chosen) < toHex(channelId(1, 0, 0, 9)));
  }
});

Deno.test("PEOPLE B1: createReplacement() takes no further own device along into an invitation", async () => {
  const key = (fill: number) => new Uint8Array(32).fill(fill);
  const [own, peer] = [key(1), key(2)];
  const devices = (...fills: number[]) => fills.map((fill) => ({ recipientKey: key(fill), deviceId: key(fill) }));
  const lists = new Map([[toHex(own), devices(0, 11)], [toHex(peer), devices(21)]]);
  const asked = async (invitation: boolean) => {
    const fetched: number[] = [];
    const record = {
      channelId: channelId(9),
      firstChannelId: channelId(9),
      standing: { kind: "member" },
      invitation,
      epoch: 7,
      commits: [],
      members: [own, peer].map((accountKey) => ({ username: "", accountKey: toHex(accountKey), role: "admin" })),
    };
    const context = {
      ownKey: toHex(own),
      account: {
        recipientKey: key(0),
        deviceSeed: key(0),
        clock: { now: () => 0 },
        keyPackages: { forOwnGroup: () => Promise.resolve({}) },
        directory: {
          refresh: () => Promise.resolve(),
          byKey: (accountKey: Uint8Array) => Promise.resolve({ devices: { devices: lists.get(toHex(accountKey)) } }),
        },
      },
      conversations: { get: () => ({ record }), withState: () => Promise.resolve({}), all: () => [] },
      mls: {
        transcriptHash: () => new Uint8Array(32),
        info: () => ({}),
        members: () =>
          [own, peer].map((accountKey, index) => ({
            recipientKey: key(index === 0 ? 0 : 21),
            credential: { accountKey },
          })),
        damage: () => undefined,
        createGroup: () => Promise.reject(new Error("far enough")),
      },
      store: { get: () => Promise.resolve(undefined) },
    } as unknown as SyncContext;
    const keyPackages = {
      ofDevices: (_known: unknown, [{ recipientKey }]: { recipientKey: Uint8Array }[]) => {
        fetched.push(recipientKey[0]);
        return Promise.resolve([]);
      },
    } as unknown as KeyPackageFetch;
    const making = createReplacement(context, {} as Committer, keyPackages, "07", "server-behind");
    await assert.rejects(making, { message: "far enough" });
    return fetched;
  };
  assert.deepEqual(await asked(false), [11, 21], "an own one that is not in the old group");
  assert.deepEqual(await asked(true), [21]);
});
