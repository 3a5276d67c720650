/**
 * The chats of the account in its vault (specification §1.5, §3.7), as one list of values of 32 bytes each.
 *
 *     a channel = its channelId
 *     a person  = channelId[0..16) ‖ SHA-256("qpq/1 vault person" ‖ channelId ‖ accountKey)[0..16)
 *
 * A channel in the list is one that the account has taken: none of its devices asks about it again. The server knows
 * channelIds, and could give a new device a stranger's group under one of them. So the list says whom the account
 * knows there. Earlier versions read every value as a channel, keep all of them, and use none.
 */

import { type Bytes, concat, equalBytes, sha256, toHex, utf8 } from "../../../schema/bytes.ts";

/** People of a channel that the list names: the other one of a chat of two, or admins. */
export const maxVaultPeople = 4;
const prefixLength = 16;

/** @returns the value that names an account as one of a channel's people */
export async function personValue(channelId: Uint8Array, accountKey: Uint8Array): Promise<Bytes> {
  const hash = await sha256(concat(utf8("qpq/1 vault person"), channelId, accountKey));
  return concat(channelId.subarray(0, prefixLength), hash.subarray(0, prefixLength));
}

/** Changes of the vault's list by one device. */
export interface ChatListChange {
  /** Channels that the account has taken, with up to {@link maxVaultPeople} account keys of people there. */
  own: { channelId: Bytes; people: Bytes[] }[];
  /** Channels that the account has left, or that a replacement took over. */
  gone: Bytes[];
}

/** What the newest vault that this device has seen says of the account's chats. */
export class ChatList {
  readonly #values: ReadonlySet<string>;

  constructor(values: Uint8Array[]) {
    this.#values = new Set(values.map(toHex));
  }

  /** Whether the account has taken the channel. */
  has(channelId: Uint8Array): boolean {
    return this.#values.has(toHex(channelId));
  }

  /** Whether the account knows this person in the channel. */
  async knows(channelId: Uint8Array, accountKey: Uint8Array): Promise<boolean> {
    return this.#values.has(toHex(await personValue(channelId, accountKey)));
  }

  /** @param known channels that this device has or had @returns how many others the list names */
  others(known: Uint8Array[]): number {
    const prefixes = new Set([...this.#values].map(prefixOf));
    for (const channelId of known) prefixes.delete(prefixOf(toHex(channelId)));
    return prefixes.size;
  }
}

/** @returns the values that a change adds: all channels first, so that they have the room before people */
export async function valuesOf({ own }: ChatListChange): Promise<Bytes[]> {
  const people = await Promise.all(
    own.flatMap(({ channelId, people }) =>
      people.slice(0, maxVaultPeople).map((accountKey) => personValue(channelId, accountKey))
    ),
  );
  return [...own.map(({ channelId }) => channelId), ...people];
}

/** @returns the values without those of the channels that are gone */
export function withoutGone(values: Bytes[], gone: Uint8Array[]): Bytes[] {
  if (gone.length === 0) return values;
  return values.filter((value) =>
    !gone.some((id) => equalBytes(id.subarray(0, prefixLength), value.subarray(0, prefixLength)))
  );
}

function prefixOf(value: string): string {
  return value.slice(0, 2 * prefixLength);
}
