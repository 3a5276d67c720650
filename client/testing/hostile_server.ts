/** What a hostile server does to devices, for tests. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../schema/rpc/methods.ts";

/**
 * Entries that a hostile server puts into a device's queue, by hex of its recipientKey, and the Welcomes that
 * it recorded.
 */
export class HostileServer {
  readonly injected = new Map<string, Entry[]>();
  readonly welcomes = new Map<string, Entry>();
  /** Devices as hex that get none of what is stored for them. */
  readonly held = new Set<string>();
  /** Devices as hex that get no Welcome. */
  readonly uninvited = new Set<string>();
  /** Hands out nothing but last-resort KeyPackages, whose private parts stay. */
  lastResortOnly = false;
  /** The places that it tells devices (hex), in place of the true ones. `own`: as the answer to a device's message. */
  readonly places = new Map<string, (place: number, own: boolean) => number>();
  /** What it gives in place of a piece of an attachment. */
  spoilBlob: (bytes: Bytes) => Bytes = (bytes) => bytes;
  /** What it hands out for a device (deviceId as hex) in place of what the device has uploaded. */
  readonly keyPackages = new Map<string, () => Promise<Bytes>>();

  /** @param own the answer to a message of the device; else an entry @returns what the device is told of it */
  tell<Said extends { place: number }>(recipientKey: Uint8Array, said: Said, own: boolean): Said {
    const lie = this.places.get(toHex(recipientKey));
    return lie && said.place > 0 ? { ...said, place: lie(said.place, own) } : said;
  }

  /** @param bodyOf reads a body whole, which an entry may leave out */
  async fetch(
    asked: { recipientKey: Uint8Array; after: number },
    found: Promise<Entry[]>,
    bodyOf: (entry: Entry) => Promise<Entry["body"]>,
  ): Promise<Entry[]> {
    const device = toHex(asked.recipientKey);
    const entries = await found;
    if (this.held.has(device)) return [];
    const welcome = entries.findLast(({ kind }) => kind === EntryKind.WELCOME);
    if (welcome) this.welcomes.set(device, { ...welcome, body: await bodyOf(welcome) });
    const given = this.uninvited.has(device) ? entries.filter(({ kind }) => kind !== EntryKind.WELCOME) : entries;
    const told = given.map((entry) => this.tell(asked.recipientKey, entry, false));
    return [...told, ...(this.injected.get(device) ?? []).filter(({ seq }) => seq > asked.after)];
  }
}
