import assert from "node:assert/strict";
import { ownFeatures } from "../../mls/group.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import {
  isRenewalDue,
  renewAfterMessages,
  renewAfterMs,
  renewalAgeMs,
  renewalAtMs,
  renewalPart,
  renewalSpacingMs,
  updateSpreadMs,
} from "./renewal.ts";

const hourMs = 3_600_000;
/** A reader, a long time after the last commit in the channel. */
const reader = { leafSinceMs: 0, ownSent: 0, epochSinceMs: 0, devices: 3, part: 0 };

Deno.test("PEOPLE A4: GRP-6.4: a leaf is due after 7 days, in a large group after 10 minutes a device", () => {
  assert.equal(renewalAtMs(reader), renewAfterMs);
  assert.equal(renewalAgeMs(1_008), renewAfterMs);
  assert.equal(renewalAgeMs(2_000), 2_000 * renewalSpacingMs);
  assert.equal(renewalAtMs({ ...reader, devices: 2_000 }), 2_000 * renewalSpacingMs);
});

Deno.test("PEOPLE A4: GRP-6.3: a leaf is due after 150 messages, whatever its age", () => {
  const sender = { ...reader, ownSent: renewAfterMessages };
  assert.equal(renewalAtMs(sender), renewalSpacingMs, "after the pause since the leaf's own commit");
  assert.equal(renewalAtMs({ ...sender, ownSent: renewAfterMessages - 1 }), renewAfterMs);
  assert.equal(renewalAtMs({ ...sender, ownSent: 4 }, { renewAfterMessages: 4, renewalSpacingMs: 0 }), 0);
});

Deno.test("PEOPLE A4: GRP-6.4: after a commit of another 10 to 20 minutes pass, by the device's turn", () => {
  const epochSinceMs = renewAfterMs + hourMs;
  assert.equal(renewalAtMs({ ...reader, epochSinceMs }), epochSinceMs + renewalSpacingMs);
  assert.equal(renewalAtMs({ ...reader, epochSinceMs, part: 0.5 }), epochSinceMs + 1.5 * renewalSpacingMs);
});

Deno.test("PEOPLE A4: GRP-6.4: a member that commits again and again puts a renewal off by one age at most", () => {
  for (const nowMs of [renewAfterMs, 1.5 * renewAfterMs, 2 * renewAfterMs - 1]) {
    assert.ok(renewalAtMs({ ...reader, epochSinceMs: nowMs - 1 }) > nowMs);
  }
  assert.equal(renewalAtMs({ ...reader, epochSinceMs: 3 * renewAfterMs }), 2 * renewAfterMs);
});

Deno.test("PEOPLE A4: devices that were added together have turns of their own, which stay", () => {
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const keys = Array.from({ length: 100 }, () => crypto.getRandomValues(new Uint8Array(32)));
  const parts = keys.map((key) => renewalPart(key, channelId));
  assert.ok(parts.every((part) => part >= 0 && part < 1));
  assert.equal(new Set(parts).size, keys.length);
  assert.ok(Math.max(...parts) > 0.8 && Math.min(...parts) < 0.2, "all over the pause");
  assert.deepEqual(keys.map((key) => renewalPart(key, channelId)), parts);
  assert.equal(renewalPart(new Uint8Array(32).fill(255), new Uint8Array(32)) < 1, true);
});

Deno.test("PEOPLE A4: of 200 devices that are due together one renews in 10 minutes, and each in its turn", () => {
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const leaves = Array.from({ length: 200 }, () => ({
    part: renewalPart(crypto.getRandomValues(new Uint8Array(32)), channelId),
    leafSinceMs: 0,
  }));
  let epochSinceMs = 0;
  const pauses: number[] = [];
  for (let count = 0; count < leaves.length; count++) {
    const next = leaves.map((leaf) => ({ leaf, atMs: renewalAtMs({ ...reader, ...leaf, devices: 200, epochSinceMs }) }))
      .sort((a, b) => a.atMs - b.atMs)[0];
    pauses.push(next.atMs - epochSinceMs);
    epochSinceMs = next.atMs;
    next.leaf.leafSinceMs = next.atMs;
  }
  assert.ok(Math.min(...pauses) >= renewalSpacingMs);
  assert.ok(leaves.every(({ leafSinceMs }) => leafSinceMs >= renewAfterMs && leafSinceMs < 2 * renewAfterMs));
});

Deno.test("PEOPLE A4: isRenewalDue() is false while the age of the leaf is not known", () => {
  const facts = { ownSent: 0, epochSinceMs: 0, channelId: new Uint8Array(32), ownFeatures };
  const record = facts as Partial<ConversationRecord> as ConversationRecord;
  const due = (fields: Partial<ConversationRecord>) =>
    isRenewalDue({ ...record, ...fields }, [1, 2], new Uint8Array(32), renewAfterMs);
  assert.equal(due({}), false);
  assert.equal(due({ leafSinceMs: 0 }), true);
  assert.equal(due({ leafSinceMs: 1 }), false);
});

Deno.test("CONVERSATIONS: after an update each device renews its leaf, within 10 s for each, an hour at most", () => {
  const facts = { ...reader, leafSinceMs: 5, epochSinceMs: 7, ownSent: 0, isOfOtherVersion: true };
  assert.equal(renewalAtMs({ ...facts, devices: 2, part: 0 }), 7);
  assert.equal(renewalAtMs({ ...facts, devices: 2, part: 0.5 }), 7 + updateSpreadMs);
  assert.equal(renewalAtMs({ ...facts, devices: 2_000, part: 0.5 }), 7 + 1_800_000);
  const record = { ownSent: 0, epochSinceMs: 0, channelId: new Uint8Array(32), leafSinceMs: 1 } as ConversationRecord;
  const due = (fields: Partial<ConversationRecord>) =>
    isRenewalDue({ ...record, ...fields }, [1, 2], new Uint8Array(32), 100_000);
  assert.equal(due({}), true);
  assert.equal(due({ ownFeatures: ["of another version"] }), true);
  assert.equal(due({ ownFeatures: [...ownFeatures] }), false);
});
