import assert from "node:assert/strict";
import { decodeMlsMessage, encodeMlsMessage } from "ts-mls";
import { utf8 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { decodeEnvelope, openEnvelope, sealEnvelope } from "./envelope.ts";
import { senderOf } from "./sender.ts";
import { keyPackageOf, makeDevices, makeGroup, randomId } from "./testing/group.ts";

const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
const messageId = randomId();
const content = utf8("hello");

async function sealed() {
  const { envelope } = await mls.sealMessage(alice, { messageId, content });
  return { epoch: 1n, messageId, envelope };
}

function code(
  result: Awaited<ReturnType<typeof mls.openMessage>> | Awaited<ReturnType<typeof mls.openEphemeral>>,
): string {
  return result.kind === "rejected" ? result.code : result.kind === "processed" ? "processed" : result.reason;
}

Deno.test("openMessage() opens a message once, and skips own messages", async () => {
  const entry = await sealed();
  const opened = await mls.openMessage(bob, entry);
  if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
  const again = await mls.openMessage(opened.newState, entry);
  if (again.kind !== "unreadable") assert.fail(again.kind);
  assert.deepEqual([again.reason, again.opened?.sender?.credential.username], ["spent", "alice"]);
  assert.deepEqual(await mls.openMessage(alice, entry), { kind: "skipped", reason: "own-message" });
});

Deno.test("wipe() clears the spent secrets of the old state and leaves the new one working", async () => {
  const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
  const first = await mls.sealMessage(alice, { messageId, content });
  const opened = await mls.openMessage(bob, { epoch: 1n, messageId, envelope: first.envelope });
  if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
  mls.wipe(first.consumed);
  mls.wipe(opened.consumed);
  assert.ok([...first.consumed, ...opened.consumed].every((secret) => secret.every((byte) => byte === 0)));
  const next = randomId();
  const second = await mls.sealMessage(first.newState, { messageId: next, content });
  assert.equal(
    (await mls.openMessage(opened.newState, { epoch: 1n, messageId: next, envelope: second.envelope })).kind,
    "processed",
  );
});

Deno.test("openMessage() refuses a message under another id, epoch, kind or group by name", async () => {
  const entry = await sealed();
  assert.equal(code(await mls.openMessage(bob, { ...entry, messageId: randomId() })), "envelope");
  assert.equal(code(await mls.openMessage(bob, { ...entry, epoch: 2n })), "epoch-mismatch");
  const [version, suite, , epoch, salt, ciphertext] = decodeCbor(entry.envelope) as unknown[];
  const changed = (fields: unknown[]) => mls.openMessage(bob, { ...entry, envelope: encodeCbor(fields) });
  assert.equal(code(await changed([version, suite, 2, epoch, salt, ciphertext])), "envelope");
  assert.equal(code(await changed([version, suite, 3, epoch, salt, ciphertext])), "envelope");
  assert.equal(code(await changed([2, suite, 1, epoch, salt, ciphertext])), "envelope");
  assert.equal(code(await changed([version, 2, 1, epoch, salt, ciphertext])), "envelope");
  assert.equal(code(await changed([version, suite, 1, epoch, salt])), "envelope");
  assert.equal(
    code(await mls.openMessage(bob, { epoch: 9n, messageId, envelope: encodeCbor([1, 1, 1, 9, salt, ciphertext]) })),
    "future-epoch",
  );
  const other = await makeGroup(await makeDevices("carol", "dave"));
  assert.equal(code(await mls.openMessage(other.states[1], entry)), "envelope");
});

Deno.test("openMessage() refuses a bare MLS message and one that differs from its envelope (GRP-1.2)", async () => {
  const entry = await sealed();
  const context = { kind: "application", channelId: alice.channelId, epoch: 1n, messageId } as const;
  const inside = (await openEnvelope(alice.secrets.appKey, decodeEnvelope(entry.envelope), context))!;
  assert.equal(decodeMlsMessage(inside, 0)?.[0].wireformat, "mls_private_message");
  assert.equal(code(await mls.openMessage(bob, { ...entry, envelope: inside })), "bare-mls");
  // A member may put another member's inner message into its own envelope. The authenticated data differs
  // then.
  const otherId = randomId();
  const moved = await sealEnvelope(alice.secrets.appKey, { ...context, messageId: otherId }, inside);
  assert.equal(code(await mls.openMessage(bob, { epoch: 1n, messageId: otherId, envelope: moved })), "GRP-1.2");
  const otherKind = await sealEnvelope(alice.secrets.appKey, { ...context, kind: "proposal" }, inside);
  assert.equal(code(await mls.openMessage(bob, { ...entry, envelope: otherKind })), "framing");
  const message = decodeMlsMessage(inside, 0)![0];
  if (message.wireformat !== "mls_private_message") assert.fail();
  const reinside = async (change: object) => {
    const bytes = encodeMlsMessage({ ...message, privateMessage: { ...message.privateMessage, ...change } });
    return code(
      await mls.openMessage(bob, { ...entry, envelope: await sealEnvelope(alice.secrets.appKey, context, bytes) }),
    );
  };
  assert.equal(await reinside({ epoch: 2n }), "framing");
  assert.equal(await reinside({ groupId: new Uint8Array(32) }), "framing");
  assert.equal(await reinside({ ciphertext: message.privateMessage.ciphertext.toReversed() }), "mls");
});

Deno.test("sealMessage() throws on a wrong messageId and in epoch 0, and pads to 252 bytes", async () => {
  await assert.rejects(mls.sealMessage(alice, { messageId: new Uint8Array(8), content }), { code: "message-id" });
  const [carol] = await makeDevices("carol");

  const alone = await mls.createGroup({
    channelId: randomChannel(),
    keyPackage: (await keyPackageOf(carol)).privateRecord,
    info: { name: "", kind: "group", createdMs: 0 },
  });
  await assert.rejects(mls.sealMessage(alone, { messageId, content }), { code: "epoch-0" });
  const lengths = await Promise.all(
    [0, 1, 100, 252].map(async (length) =>
      (await mls.sealMessage(alice, { messageId, content: new Uint8Array(length) })).envelope.length
    ),
  );
  assert.equal(new Set(lengths).size, 1);
});

function randomChannel() {
  return crypto.getRandomValues(new Uint8Array(32));
}

Deno.test("PEOPLE B0: sealMessage() names the generation that a receiver reads; leaves count apart", async () => {
  const readBy = async (messageId: Uint8Array, envelope: Uint8Array) => {
    const place = { kind: decodeEnvelope(envelope).kind, channelId: bob.channelId, epoch: 1n, messageId };
    const inside = await openEnvelope(bob.secrets.appKey, decodeEnvelope(envelope), place);
    const [message] = decodeMlsMessage(inside!, 0)!;
    assert.ok(message.wireformat === "mls_private_message");
    return (await senderOf(bob.mls, message.privateMessage))!.generation;
  };
  let state = alice;
  for (const generation of [0, 1, 2]) {
    const sealed = await mls.sealMessage(state, { messageId, content });
    assert.deepEqual([sealed.generation, await readBy(messageId, sealed.envelope)], [generation, generation]);
    state = sealed.newState;
  }
  const leave = await mls.sealLeave(state, { messageId });
  assert.deepEqual([leave.generation, await readBy(messageId, leave.envelope)], [0, 0]);
});

Deno.test("openMessage() keeps 8 leaves of a device, so that its records do not grow with what it sends", async () => {
  let [sender, receiver] = [alice, bob];
  const sizes: number[] = [];
  for (let count = 0; count < 30; count++) {
    const messageId = randomId();
    const leave = await mls.sealLeave(sender, { messageId });
    const opened = await mls.openMessage(receiver, { epoch: 1n, messageId, envelope: leave.envelope });
    if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
    [sender, receiver] = [leave.newState, opened.newState];
    sizes.push(opened.record.bytes.length);
  }
  assert.equal(Object.keys(receiver.mls.unappliedProposals).length, 8);
  assert.ok(sizes[29] - sizes[7] < 64, `${sizes[7]} bytes, then ${sizes[29]}`);
  assert.deepEqual(mls.pendingLeaves(receiver).map(({ credential }) => credential.username), ["alice"]);
});

Deno.test("GRP-6.1: openMessage() opens messages up to 32 late and 200 ahead", async () => {
  let sender = alice;
  const envelopes = [];
  for (let index = 0; index < 203; index++) {
    const result = await mls.sealMessage(sender, { messageId, content });
    sender = result.newState;
    envelopes.push(result.envelope);
  }
  assert.equal(code(await mls.openMessage(bob, { epoch: 1n, messageId, envelope: envelopes[201] })), "mls");
  const ahead = await mls.openMessage(bob, { epoch: 1n, messageId, envelope: envelopes[40] });
  if (ahead.kind !== "processed") assert.fail(JSON.stringify(ahead));
  assert.equal(
    code(await mls.openMessage(ahead.newState, { epoch: 1n, messageId, envelope: envelopes[20] })),
    "processed",
  );
  assert.equal(code(await mls.openMessage(ahead.newState, { epoch: 1n, messageId, envelope: envelopes[1] })), "spent");
});

Deno.test("openEphemeral() opens fresh payloads, drops those older than 30 s, and refuses forged senders", async () => {
  const nowMs = 1_700_000_000_000;
  const envelope = await mls.sealEphemeral(alice, { messageId, content, nowMs });
  const open = (change: object) =>
    mls.openEphemeral(bob, { epoch: 1n, messageId, envelope, nowMs: nowMs + 1000, ...change });
  const opened = await open({});
  if (opened.kind !== "processed") assert.fail(JSON.stringify(opened));
  assert.deepEqual([opened.content, opened.sender.credential.username, opened.sentMs], [content, "alice", nowMs]);
  assert.equal(code(await open({ nowMs: nowMs + 30_001 })), "expired");
  assert.equal(code(await open({ nowMs: nowMs - 30_001 })), "expired");
  assert.equal(code(await open({ messageId: randomId() })), "envelope");
  assert.equal(code(await mls.openMessage(bob, { epoch: 1n, messageId, envelope })), "envelope");
  assert.equal(code(await mls.openEphemeral(bob, { ...(await sealed()), nowMs })), "envelope");
  assert.equal(code(await mls.openEphemeral(alice, { epoch: 1n, messageId, envelope, nowMs })), "own-message");
  const forged = await mls.sealEphemeral({ ...bob, ownLeafIndex: alice.ownLeafIndex }, { messageId, content, nowMs });
  assert.equal(code(await open({ envelope: forged })), "GRP-1.1");
});

Deno.test("PEOPLE A5: GRP-6.6: a message of the epoch before is opened by nobody, typing neither", async () => {
  const nowMs = Date.now();
  const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
  const { envelope } = await mls.sealMessage(alice, { messageId, content });
  const entry = { epoch: 1n, messageId, envelope };
  const typing = { ...entry, envelope: await mls.sealEphemeral(alice, { messageId, content, nowMs }), nowMs };
  assert.equal((await mls.openMessage(bob, entry)).kind, "processed");
  assert.equal((await mls.openEphemeral(bob, typing)).kind, "processed");
  const { newState, pending } = await mls.buildCommit(bob, { nowMs: Date.now() });
  const { header } = pending.bundle.headers.find(({ recipientKey }) =>
    recipientKey.join() === alice.ownRecipientKey.join()
  )!;
  const { commitId, n, bundle: { sealedCommit } } = pending;
  const followed = await mls.processCommit(alice, { n, commitId, header, sealedCommit });
  if (followed.kind !== "processed") assert.fail(followed.kind);
  const merged = mls.mergePending(newState, mls.decodePending(mls.encodePending(pending)));
  for (const state of [followed.newState, merged]) {
    assert.equal(code(await mls.openMessage(state, entry)), "old-epoch");
    assert.equal(code(await mls.openEphemeral(state, typing)), "old-epoch");
    assert.equal(state.mls.historicalReceiverData.size, 0, "no key of the epoch before is left");
  }
});
