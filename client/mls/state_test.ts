import assert from "node:assert/strict";
import { utf8 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import type { GroupState, MessageRecord } from "./group.ts";
import { makeAccount, makeDevice, makeGroup, now, randomId } from "./testing/group.ts";

const groupSize = 50;

async function largeGroup() {
  const account = await makeAccount("alice");
  const devices = await Promise.all(Array.from({ length: groupSize }, () => makeDevice(account)));
  return await makeGroup(devices);
}

Deno.test(`a message's record stays small in a group of ${groupSize}, and its records restore the state`, async () => {
  const { mls, states } = await largeGroup();
  const epochRecords = states.slice(0, 2).map((state) => mls.encodeEpochRecord(state));
  let [sender, receiver] = states;
  const senderRecords = new Map<string, MessageRecord>();
  const receiverRecords = new Map<string, MessageRecord>();
  const send = async (from: GroupState) => {
    const messageId = randomId();
    return { messageId, ...(await mls.sealMessage(from, { messageId, content: utf8("content") })) };
  };
  const skippedMessages = [];
  for (let index = 0; index < 40; index++) {
    const sealed = await send(sender);
    sender = sealed.newState;
    senderRecords.set(sealed.record.key, sealed.record);
    // Every second message is held back, so that the receiver has to keep skipped generations.
    if (index % 2 === 0) {
      skippedMessages.push(sealed);
      continue;
    }
    const opened = await mls.openMessage(receiver, {
      epoch: 1n,
      messageId: sealed.messageId,
      envelope: sealed.envelope,
    });
    if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
    receiver = opened.newState;
    receiverRecords.set(opened.record.key, opened.record);
    assert.ok(opened.record.bytes.length < 2_500, `${opened.record.bytes.length} bytes`);
    assert.ok(sealed.record.bytes.length < 400, `${sealed.record.bytes.length} bytes`);
  }
  assert.deepEqual([senderRecords.size, receiverRecords.size], [1, 1]);
  assert.ok(epochRecords[0].length > 50 * senderRecords.get("e1/l0")!.bytes.length);

  const senderAgain = mls.decodeState(epochRecords[0], [...senderRecords.values()]);
  const receiverAgain = mls.decodeState(epochRecords[1], [...receiverRecords.values()]);
  assert.deepEqual(mls.encodeEpochRecord(senderAgain), mls.encodeEpochRecord(sender));
  assert.deepEqual(mls.encodeEpochRecord(receiverAgain), mls.encodeEpochRecord(receiver));
  const next = await send(senderAgain);
  assert.equal(
    (await mls.openMessage(receiverAgain, { epoch: 1n, messageId: next.messageId, envelope: next.envelope })).kind,
    "processed",
  );
  const held = skippedMessages.at(-1)!;
  assert.equal(
    (await mls.openMessage(receiverAgain, { epoch: 1n, messageId: held.messageId, envelope: held.envelope })).kind,
    "processed",
  );
});

Deno.test("decodePending() restores a pending commit whose bytes and state are the same as before", async () => {
  const account = await makeAccount("alice");
  const { mls, states } = await makeGroup(await Promise.all([makeDevice(account), makeDevice(account)]));
  const { newState, record, pending } = await mls.buildCommit(states[0], {
    info: { name: "new name" },
    nowMs: now(),
  });
  const again = mls.decodePending(mls.encodePending(pending));
  assert.deepEqual(mls.encodePending(again), mls.encodePending(pending));
  assert.deepEqual(
    mls.encodeEpochRecord(mls.decodeState(mls.encodeEpochRecord(states[0]), [record])),
    mls.encodeEpochRecord(newState),
  );
  const merged = mls.mergePending(newState, again);
  assert.equal(mls.info(merged).name, "new name");
  assert.throws(() => mls.mergePending(merged, again), { code: "wrong-epoch" });
});

Deno.test("PEOPLE A5: decodeState() drops what earlier versions kept of the epoch before", async () => {
  const account = await makeAccount("alice");
  const { mls, states: [alice, bob] } = await makeGroup(await Promise.all([makeDevice(account), makeDevice(account)]));
  const messageId = randomId();
  const { envelope } = await mls.sealMessage(bob, { messageId, content: utf8("in between") });
  const entry = { epoch: 1n, messageId, envelope };
  const opened = await mls.openMessage(alice, entry);
  if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
  const { newState, pending } = await mls.buildCommit(alice, { nowMs: now() });
  const merged = mls.mergePending(newState, pending);
  // As an earlier version wrote it: with the keys of epoch 1, and the ratchet that a late message moved there.
  const written = mls.encodeEpochRecord({ ...merged, mls: pending.newState.mls });
  const fields = decodeCbor(written) as Record<string, unknown>;
  const earlier = encodeCbor({ ...fields, past: { epoch: 1n, appKey: alice.secrets.appKey } });
  const again = mls.decodeState(earlier, [opened.record]);
  assert.deepEqual(await mls.openMessage(again, entry), { kind: "unreadable", reason: "old-epoch" });
  assert.deepEqual(mls.encodeEpochRecord(again), mls.encodeEpochRecord(merged));
  assert.ok(mls.encodeEpochRecord(merged).length < written.length, "and the record is smaller");
});

Deno.test("a pending commit keeps the base epoch for an earlier version, which puts its ratchets there", async () => {
  const { mls, states: [alice] } = await makeGroup([await makeDevice(await makeAccount("alice"))]);
  const { pending } = await mls.buildCommit(alice, { nowMs: now() });
  const stored = mls.decodePending(mls.encodePending(pending));
  assert.deepEqual([...stored.newState.mls.historicalReceiverData.keys()], [alice.epoch]);
});

Deno.test("decodeState() throws on damaged records", async () => {
  const { mls, states } = await makeGroup([await makeDevice(await makeAccount("alice"))]);
  const record = mls.encodeEpochRecord(states[0]);
  assert.throws(() => mls.decodeState(record.subarray(1), []), { name: "MalformedError" });
  assert.throws(() => mls.decodeState(record, [{ key: "e1/l0", bytes: utf8("damaged") }]), { name: "MalformedError" });
});
