/** Handlers of `publish` and `enqueue`. */

import { createHash } from "node:crypto";
import type { Bytes } from "../../schema/bytes.ts";
import { delivery, type Entry, EntryKind, type ParamsOf } from "../../schema/rpc/methods.ts";
import type { Caller } from "../caller.ts";
import { atMost, exactly, requireDevice } from "./checks.ts";
import type { DeliveryDependencies } from "./dependencies.ts";

const maxEnvelopeBytes = 128 * 1024;
const maxDirectBytes = 64 * 1024;
/** node.capnp: a longer body is left out of its entry, and fetchBody delivers it. */
const maxInlineBytes = 64 * 1024;

/**
 * Queues one envelope for every member device but the sending one. An ephemeral envelope goes to connected
 * devices only.
 *
 * @returns the server's time of the message, after it is on disk
 * @throws WireError E011, E014 to E017
 */
export async function publish(
  deps: DeliveryDependencies,
  params: ParamsOf<typeof delivery.publish>,
  caller: Caller,
): Promise<{ receivedMs: number }> {
  const { recipientKey: sender } = requireDevice(caller);
  const { epoch, ephemeral } = params;
  const channelId = exactly(params.channelId, 32, "channelId");
  const messageId = exactly(params.messageId, 16, "messageId");
  const envelope = atMost(params.envelope, maxEnvelopeBytes, "envelope");
  const live = {
    kind: EntryKind.APPLICATION,
    channelId,
    epoch,
    id: messageId,
    header: new Uint8Array(),
    ...bodyOf(envelope, ephemeral),
    removed: [],
    added: [],
    membersHash: new Uint8Array(),
  };
  if (ephemeral) {
    const receivedMs = deps.now();
    // An ephemeral entry is not stored, so it carries its whole body, which could not be fetched later.
    for (const recipientKey of await deps.store.ephemeralRecipients({ sender, channelId, epoch })) {
      deps.live.notify(recipientKey, { ...live, seq: 0, receivedMs });
    }
    return { receivedMs };
  }
  const { receivedMs, queued } = await deps.store.publish({
    sender,
    channelId,
    epoch,
    messageId,
    envelope,
    bodyHash: sha256(envelope),
  });
  for (const { recipientKey, seq } of queued) deps.live.notify(recipientKey, { ...live, seq, receivedMs });
  return { receivedMs };
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
  for (const { recipientKey } of queued) deps.live.notify(recipientKey);
  return { stored: true };
}

function bodyOf(envelope: Bytes, whole: boolean): Pick<Entry, "body" | "bodyLength"> {
  return {
    body: whole || envelope.length <= maxInlineBytes ? envelope : new Uint8Array(),
    bodyLength: envelope.length,
  };
}

function sha256(bytes: Bytes): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
