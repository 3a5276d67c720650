import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { testEnvironment } from "../../testing/test_environment.ts";
import { commitHistory } from "./fork_point.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { randomChannelId } from "./create_replacement.ts";
import { comesFirst, judgeReplacement, type ReplacementFacts } from "./replacement_rules.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);
const credential = (fill: number, username: string) => ({
  username,
  accountKey: key(fill),
  deviceId: new Uint8Array(16),
  listVersion: 1,
  rootSignature: new Uint8Array(64),
});
const member = (fill: number, username: string, role: "admin" | "member") => ({
  leafIndex: fill,
  credential: credential(fill, username),
  recipientKey: key(fill),
  xwingPublicKey: new Uint8Array(1216),
  features: [],
  role,
});

function facts(change: Partial<ReplacementFacts>): ReplacementFacts {
  const [anna, bert] = [member(1, "anna", "admin"), member(2, "bert", "member")];
  const old = {
    channelId: key(9),
    standing: { kind: "member" },
    kind: "group",
    name: "x",
    epoch: 7,
    commits: [{ n: 2, commitId: "02".repeat(16) }, { n: 7, commitId: "07".repeat(16) }],
    members: [{ username: "anna", accountKey: toHex(key(1)), role: "admin" }, {
      username: "bert",
      accountKey: toHex(key(2)),
      role: "member",
    }],
  } as unknown as ConversationRecord;
  return {
    supersedes: { channelId: key(9), lastEpoch: 7n, transcriptHash: key(8), reason: "" },
    info: { name: "x", kind: "group", roles: {}, createdMs: 1 },
    epoch: 1,
    maker: toHex(key(1)),
    members: [anna, bert],
    old,
    past: [{ n: 7, commitId: "", S: key(0), hash: key(8), atMs: 0 }],
    ...change,
  };
}

Deno.test("GRP-5.1: judgeReplacement() accepts a replacement of a known history, and of a later one", () => {
  assert.equal(judgeReplacement(facts({})), undefined);
  assert.equal(
    judgeReplacement(facts({ supersedes: { channelId: key(9), lastEpoch: 7n, transcriptHash: key(7), reason: "" } })),
    "GRP-5.1",
  );
  assert.equal(
    judgeReplacement(facts({ supersedes: { channelId: key(9), lastEpoch: 3n, transcriptHash: key(8), reason: "" } })),
    "GRP-5.1",
    "too long ago to know",
  );
  const { old } = facts({});
  const outOfStep = {
    ...old,
    standing: { kind: "out-of-step" as const, desync: { code: "fork" as const, epoch: 8, need: "readd" as const } },
  };
  assert.equal(
    judgeReplacement(
      facts({ old: outOfStep, supersedes: { channelId: key(9), lastEpoch: 7n, transcriptHash: key(7), reason: "" } }),
    ),
    undefined,
    "it can not follow its own history",
  );
  assert.equal(
    judgeReplacement(facts({ supersedes: { channelId: key(9), lastEpoch: 9n, transcriptHash: key(7), reason: "" } })),
    undefined,
  );
});

Deno.test("GRP-5.1: judgeReplacement() accepts a forked history with a shared epoch, not a shorter one", () => {
  const other = { channelId: key(9), lastEpoch: 6n, transcriptHash: key(7), reason: "" };
  const [second, sixth] = [{ n: 2, commitId: "02".repeat(16) }, { n: 6, commitId: "06".repeat(16) }];
  assert.equal(
    judgeReplacement(facts({ supersedes: { ...other, commits: commitHistory([second, sixth]) } })),
    undefined,
    "they parted after epoch 2",
  );
  assert.equal(
    judgeReplacement(facts({ supersedes: { ...other, commits: commitHistory([{ ...second, n: 3 }, sixth]) } })),
    "GRP-5.1",
    "the same commit made another epoch",
  );
  assert.equal(
    judgeReplacement(facts({ supersedes: { ...other, commits: commitHistory([sixth]) } })),
    "GRP-5.1",
    "no epoch in common",
  );
  assert.equal(
    judgeReplacement(facts({ supersedes: { ...other, lastEpoch: 2n, commits: commitHistory([second]) } })),
    "GRP-5.1",
    "it was here, and went on: an old state must not take it back",
  );
  const { info, members, old } = facts({});
  const changed = {
    info: { ...info, name: "y" },
    members: [...members, member(3, "eve", "member")],
    supersedes: { ...other, lastEpoch: 7n, commits: commitHistory([second]) },
  };
  assert.equal(judgeReplacement(facts(changed)), undefined, "the other part may have changed accounts and name");
  assert.equal(
    judgeReplacement(facts({ ...changed, maker: toHex(key(2)) })),
    "GRP-5.2",
    "a member, or one that is no admin any more, moves nobody",
  );
  const later = { ...old, commits: [{ n: 7, commitId: "07".repeat(16) }] };
  assert.equal(
    judgeReplacement(facts({ old: later, supersedes: { ...other, commits: commitHistory([sixth]) } })),
    undefined,
    "who came in later has no history to hold it against",
  );
});

Deno.test("GRP-5.2: judgeReplacement() accepts a replacement by an admin only", () => {
  assert.equal(judgeReplacement(facts({ maker: toHex(key(2)) })), "GRP-5.2", "by the old group's roles");
  assert.equal(judgeReplacement(facts({ maker: undefined })), "GRP-5.2");
});

Deno.test("GRP-5.3: judgeReplacement() refuses another kind or name, new accounts and new admins", () => {
  const { info, members } = facts({});
  assert.equal(judgeReplacement(facts({ info: { ...info, kind: "direct" } })), "GRP-5.3");
  assert.equal(judgeReplacement(facts({ info: { ...info, name: "y" } })), "GRP-5.3");
  assert.equal(judgeReplacement(facts({ members: [...members, member(3, "eve", "member")] })), "GRP-5.3");
  assert.equal(judgeReplacement(facts({ members: [members[0], member(2, "bert", "admin")] })), "GRP-5.3");
});

Deno.test("GRP-5.3: judgeReplacement() lets accounts and name differ where commits were missed, not the kind", () => {
  const { info, members, old, supersedes } = facts({});
  const changed = { info: { ...info, name: "y" }, members: [...members, member(3, "eve", "admin")] };
  const unseen: Partial<ReplacementFacts>[] = [
    { supersedes: { ...supersedes, lastEpoch: 9n } },
    {
      supersedes: { ...supersedes, channelId: key(5) },
    },
    { epoch: 4 },
    { old: { ...old, standing: { kind: "left" as const } } },
  ];
  for (const circumstances of unseen) {
    assert.equal(judgeReplacement(facts({ ...changed, ...circumstances })), undefined);
    assert.equal(judgeReplacement(facts({ ...circumstances, maker: toHex(key(2)) })), "GRP-5.2");
    assert.equal(judgeReplacement(facts({ ...circumstances, info: { ...info, kind: "direct" } })), "GRP-5.3");
    const direct = {
      ...circumstances,
      info: { ...info, kind: "direct" as const },
      old: { ...(circumstances.old ?? old), kind: "direct" as const },
    };
    assert.equal(judgeReplacement(facts(direct)), undefined);
    assert.equal(judgeReplacement(facts({ ...direct, members: changed.members })), "GRP-5.3");
  }
});

Deno.test("GRP-5.3: judgeReplacement() lets a device out of step follow from another epoch of its number", () => {
  const { info, members, old, supersedes } = facts({});
  const desync = { code: "mls" as const, epoch: 8, need: "readd" as const };
  const outOfStep = { ...old, standing: { kind: "out-of-step" as const, desync } };
  const changed = { old: outOfStep, info: { ...info, name: "y" }, members: [...members, member(3, "eve", "member")] };
  const elsewhere = { ...supersedes, transcriptHash: key(7) };
  assert.equal(judgeReplacement(facts({ ...changed, supersedes: elsewhere })), undefined);
  assert.equal(judgeReplacement(facts({ ...changed, supersedes: elsewhere, maker: toHex(key(2)) })), "GRP-5.2");
  assert.equal(judgeReplacement(facts(changed)), "GRP-5.3", "of the very epoch in which it is");
});

Deno.test("GRP-5.1: judgeReplacement() checks a removed device's own history", () => {
  const { old, supersedes } = facts({});
  const out = { ...old, standing: { kind: "left" as const } };
  assert.equal(judgeReplacement(facts({ old: out, supersedes: { ...supersedes, transcriptHash: key(7) } })), "GRP-5.1");
  assert.equal(
    judgeReplacement(facts({ old: out, past: [{ n: 7, commitId: "", S: key(0), hash: new Uint8Array(32), atMs: 0 }] })),
    undefined,
    "the commit that took it out",
  );
});

const atOnce = 1_000_000;
const minutes = 60_000;

Deno.test("GRP-5.4: comesFirst() takes a direct replacement, and the smaller of those made within ten minutes", () => {
  const now = { channelId: key(5), earlier: [toHex(key(9))], movedMs: atOnce };
  const first = { channelId: key(9) };
  assert.equal(comesFirst(now, key(7), { channelId: key(5) }, atOnce), true, "of the present channel");
  assert.equal(comesFirst(now, key(4), first, atOnce), true);
  assert.equal(comesFirst(now, key(7), first, atOnce), false);
  assert.equal(comesFirst(now, key(4), { channelId: key(8) }, atOnce), true, "of a line that it does not know");
  assert.equal(comesFirst(now, key(7), { channelId: key(8) }, atOnce), false, "of a line that it does not know");
  const later = atOnce + 11 * minutes;
  assert.equal(comesFirst(now, key(4), first, later), false, "the first wins");
  assert.equal(comesFirst(now, key(7), { channelId: key(8) }, later), true, "it may have missed the moves between");
  assert.equal(comesFirst({ channelId: key(9) }, key(10), { channelId: key(8) }, atOnce), true, "it never moved");
});

Deno.test("GRP-5.4: by comesFirst(), devices end in one channel in whatever order they hear of crossing lines", () => {
  const { random } = testEnvironment(1);
  for (let round = 0; round < 200; round++) {
    const channels = [{ channelId: crypto.getRandomValues(new Uint8Array(32)), replaces: key(0) }];
    while (channels.length < 8) {
      const { channelId } = channels[Math.floor(random() * channels.length)];
      channels.push({ channelId: randomChannelId(channelId), replaces: channelId });
    }
    const ends = [1, 2, 3, 4].map(() => {
      let device: Pick<ConversationRecord, "channelId" | "earlier" | "movedMs"> = { channelId: channels[0].channelId };
      for (const { channelId, replaces } of channels.slice(1).sort(() => random() - 0.5)) {
        if (!comesFirst(device, channelId, { channelId: replaces }, atOnce)) continue;
        const earlier = [...device.earlier ?? [], toHex(device.channelId), toHex(replaces)];
        device = { channelId, earlier, movedMs: atOnce };
      }
      return toHex(device.channelId);
    });
    assert.deepEqual(ends, Array(4).fill(channels.map(({ channelId }) => toHex(channelId)).sort()[0]));
  }
});

Deno.test("GRP-5.4: by comesFirst(), a device that was away chooses as those who were online", () => {
  const hour = 60 * minutes;
  // By the server's time C replaced an hour after B, and D crosses six hours later.
  const earlier = [key(9), key(7)].map(toHex);
  const crossing = [key(4), { channelId: key(9) }, atOnce + 6 * hour] as const;
  const replaced = { channelId: toHex(key(5)), atMs: atOnce + hour };
  const online = { channelId: key(5), earlier, movedMs: atOnce + hour, replaced };
  const away = { ...online, movedMs: atOnce + 24 * hour };
  assert.equal(comesFirst(online, ...crossing), false);
  assert.equal(comesFirst(away, ...crossing), false);
  const before = [key(4), { channelId: key(9) }, atOnce + hour - 5 * minutes] as const;
  for (const device of [online, away]) assert.equal(comesFirst(device, ...before), true, "heard of out of order");
  const stale = { ...online, replaced: { channelId: toHex(key(7)), atMs: atOnce } };
  assert.equal(comesFirst(stale, ...before), true, "an earlier version has moved on since");
});
