/** Handlers of `publish`, `publishInOrder` and `enqueue`. */

import { createHash } from "node:crypto";
import type { Bytes } from "../../schema/bytes.ts";
import { delivery, type Entry, EntryKind, type ParamsOf, type ResultsOf } from "../../schema/rpc/methods.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Caller } from "../caller.ts";
import { atMost, exactly, requireDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";
import type { Published } from "../storage/delivery_store.ts";

const maxEnvelopeBytes = 128 * 1024;
/** Fewer than the 32 generations of a sender that receivers may have skipped (GRP-6.1). */
const maxOrderedMessages = 16;
const maxDirectBytes = 64 * 1024;
/** delivery.capnp: a longer body is left out of its entry, and fetchBody delivers it. */
const maxInlineBytes = 64 * 1024;

/**
 * Queues one envelope for every member device but the sending one. An ephemeral envelope goes to connected
 * devices only.
 *
 * @returns the server's time of the message and its place in the channel (0: ephemeral), after it is on disk
 * @throws WireError E011, E014 to E017
 */
export async function publish(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.publish>,
  caller: Caller,
): Promise<ResultsOf<typeof delivery.publish>> {
  const { recipientKey: sender } = requireDevice(caller);
  const { epoch, ephemeral } = params;
  const channelId = exactly(params.channelId, 32, "channelId");
  const messageId = exactly(params.messageId, 16, "messageId");
  const envelope = atMost(params.envelope, maxEnvelopeBytes, "envelope");
  if (ephemeral) {
    const receivedMs = deps.now();
    // An ephemeral entry is not stored, so it carries its whole body, which could not be fetched later.
    const live = { ...entryOf(channelId, epoch, messageId, envelope, true), seq: 0, receivedMs, place: 0 };
    for (const recipientKey of await deps.store.ephemeralRecipients({ sender, channelId, epoch })) {
      deps.live.notify(recipientKey, live);
    }
    return { receivedMs, place: 0 };
  }
  const message = { epoch, messageId, envelope, bodyHash: sha256(envelope) };
  const answer = await deps.store.publish({ sender, channelId, ...message });
  notify(deps, channelId, message, answer);
  return { receivedMs: answer.receivedMs, place: answer.place };
}

/**
 * Queues up to 16 envelopes of one device in their order, in one transaction. Behind a refused one nothing is stored.
 *
 * @returns an answer for each message, up to the first that would have been stored behind a refused one
 * @throws WireError E005, E011, E014, E016 for the whole call
 */
export async function publishInOrder(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.publishInOrder>,
  caller: Caller,
): Promise<ResultsOf<typeof delivery.publishInOrder>> {
  const { recipientKey: sender } = requireDevice(caller);
  const channelId = exactly(params.channelId, 32, "channelId");
  const { length } = params.messages;
  if (length === 0 || length > maxOrderedMessages) {
    throw new WireError(ErrorCode.malformed, `1 to ${maxOrderedMessages} messages in a call`);
  }
  const messages = params.messages.map(({ epoch, messageId, envelope }) => ({
    epoch,
    messageId: exactly(messageId, 16, "messageId"),
    envelope: atMost(envelope, maxEnvelopeBytes, "envelope"),
    bodyHash: sha256(envelope),
  }));
  // The call itself is counted already.
  deps.countCalls(caller, length - 1);
  const answers = await deps.store.publishInOrder({ sender, channelId, messages });
  answers.forEach((answer, index) => {
    if (answer.code === 0 && "queued" in answer) notify(deps, channelId, messages[index], answer);
  });
  return { answers: answers.map(({ code, receivedMs, place }) => ({ code, receivedMs, place })) };
}

function notify(
  { live }: DeliveryDependencies,
  channelId: Bytes,
  { epoch, messageId, envelope }: { epoch: number; messageId: Bytes; envelope: Bytes },
  { receivedMs, place, queued }: Published,
): void {
  for (const { recipientKey, seq } of queued) {
    live.notify(recipientKey, { ...entryOf(channelId, epoch, messageId, envelope), seq, receivedMs, place });
  }
}

/**
 * Queues a device message of at most 64 KiB for a device that shares the channel.
 *
 * @throws WireError E011, E012, E013, E016
 */
export async function enqueue(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.enqueue>,
  caller: Caller,
): Promise<{ stored: boolean }> {
  const { recipientKey: sender } = requireDevice(caller);
  const recipientKey = exactly(params.recipientKey, 32, "recipientKey");
  const channelId = exactly(params.channelId, 32, "channelId");
  const messageId = exactly(params.messageId, 16, "messageId");
  const body = atMost(params.body, maxDirectBytes, "body");
  const { queued } = await deps.store.enqueue({
    sender,
    recipientKey,
    channelId,
    messageId,
    body,
    bodyHash: sha256(body),
  });
  for (const { recipientKey } of queued) deps.live.notifyStored(recipientKey, channelId);
  return { stored: true };
}

/** @param whole the body is in the entry, whatever its length */
function entryOf(
  channelId: Bytes,
  epoch: number,
  id: Bytes,
  envelope: Bytes,
  whole = false,
): Omit<Entry, "seq" | "receivedMs" | "place"> {
  return {
    kind: EntryKind.APPLICATION,
    channelId,
    epoch,
    id,
    header: new Uint8Array(),
    body: whole || envelope.length <= maxInlineBytes ? envelope : new Uint8Array(),
    bodyLength: envelope.length,
    removed: [],
    added: [],
    membersHash: new Uint8Array(),
    turn: 0,
  };
}

function sha256(bytes: Bytes): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
