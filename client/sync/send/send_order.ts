/**
 * The order in which the waiting messages of a chat are sealed and sent (GRP-6.7, docs/decisions/028).
 *
 * Receivers keep the keys of 32 skipped generations of a sender and can not open what comes later than that. So
 * messages leave in the order of their generations, and none is sealed while an older one has still to be sealed.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { OutboxRecord } from "../conversation/outbox_record.ts";

/** Messages of a chat that are sealed, or on their way, at once: the most that the server takes in one call. */
export const maxInFlight = 16;
/** Bytes of their envelopes: a call has at most 256 KiB. One message is always sent. */
export const maxInFlightBytes = 192 * 1024;

/** Where the chat is: what is sealed for another place has to be sealed again. */
export interface Place {
  id: string;
  record: Readonly<Pick<ConversationRecord, "epoch" | "channelId">>;
}

/** What is to be done next: some messages to seal, or some to publish, in this order. */
export interface Turn {
  kind: "seal" | "publish";
  records: OutboxRecord[];
}

/** Whether the message was sealed for the chat's present channel. */
export function isOfChannel({ chatId, sealed }: OutboxRecord, { record }: Place): boolean {
  return sealed !== undefined && (sealed.channel ?? chatId) === toHex(record.channelId);
}

/** Whether a new message may be sealed: all that goes before it is sealed for the present epoch and channel. */
export function isNextToSeal(before: OutboxRecord[], place: Place): boolean {
  return before.every((record) => isSealedNow(record, place));
}

/**
 * @param records that may go now, in the order of the queue: what is held until somebody has left is not among them
 * @param wasTried whether the server may have the bytes: the same ones go out again, and its answer says whether they
 *   have to be sealed again
 * @returns the first messages to which the same is to be done; undefined when nothing may go
 */
export function nextTurn(
  records: OutboxRecord[],
  place: Place,
  wasTried: (record: OutboxRecord) => boolean,
): Turn | undefined {
  const kindOf = (record: OutboxRecord) =>
    isSealedNow(record, place) || (isOfChannel(record, place) && wasTried(record)) ? "publish" : "seal";
  const turn: OutboxRecord[] = [];
  let kind: Turn["kind"] | undefined;
  let bytes = 0;
  for (const record of inOrder(records, place)) {
    bytes += record.sealed?.envelope.length ?? 0;
    if (kindOf(record) !== (kind ??= kindOf(record)) || turn.length === maxInFlight) break;
    if (turn.length > 0 && kind === "publish" && bytes > maxInFlightBytes) break;
    turn.push(record);
  }
  return kind && { kind, records: turn };
}

/**
 * What is sealed for the present epoch comes first, by generation: in the queue a message that is sent again stands
 * before messages that were sealed earlier. A request to leave comes last, because behind it nothing can be sealed in
 * its epoch (RFC 9420 §12.4).
 */
function inOrder(records: OutboxRecord[], place: Place): OutboxRecord[] {
  const [messages, leaves] = [records.filter(isMessage), records.filter((record) => !isMessage(record))];
  const sealed = messages.filter((record) => isSealedNow(record, place));
  // Versions before this rule stored no generation. What they sealed, they sealed first.
  sealed.sort((a, b) => (a.sealed!.generation ?? -1) - (b.sealed!.generation ?? -1));
  return [...sealed, ...messages.filter((record) => !isSealedNow(record, place)), ...leaves];
}

function isMessage({ kind }: OutboxRecord): boolean {
  return kind === "message";
}

function isSealedNow(record: OutboxRecord, place: Place): boolean {
  return isOfChannel(record, place) && record.sealed!.epoch === place.record.epoch;
}
