/** Entries that a test's server slips into a device's queue (`TestCore.inject`). */

import { type Bytes, fromHex } from "../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { random } from "./hostile_member.ts";

/**
 * @param channel 32 bytes, or their hex
 * @param fields what matters to the test; the others are as in an entry of an older server, behind all that is there
 */
export function injectedEntry(
  channel: Bytes | string,
  fields: Pick<Entry, "kind" | "epoch"> & Partial<Entry>,
): Entry {
  const nothing = new Uint8Array();
  const { body = nothing } = fields;
  return {
    seq: 1_000,
    channelId: typeof channel === "string" ? fromHex(channel) : channel,
    id: random(16),
    header: nothing,
    receivedMs: Date.now(),
    removed: [],
    added: [],
    membersHash: nothing,
    place: 0,
    turn: 0,
    ...fields,
    body,
    bodyLength: body.length,
  };
}

/** A commit that nobody has made: it opens for no device. */
export function garbageCommit(channel: Bytes | string, epoch: number, seq: number): Entry {
  return injectedEntry(channel, { seq, kind: EntryKind.COMMIT, epoch, header: random(1168), body: random(400) });
}
