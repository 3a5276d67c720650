/** Whom a device asks for help, and the signed requests to be taken out and put back (specification §3.4). */

import { type Bytes, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { type GroupState, signReadd } from "../../mls/group.ts";
import type { DeviceMessageContent } from "../device_messages/device_messages.ts";
import type { ChatRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Whom a request goes to at once. */
const askedAtOnce = 2;
/**
 * Rounds in which only those are asked whom this device knows from the chat: brought back by another, it
 * would have to ask its user (GRP-7.5).
 */
const roundsAmongKnown = 3;
/**
 * Rounds that ask with one KeyPackage, and how many of those before stay, in case that an older request is
 * carried out late.
 */
const roundsWithOneKeyPackage = 2;
const keptRequests = 3;

/**
 * Two of them, others each round: other accounts first, because one account's devices often fail together.
 *
 * @param members the recipientKeys that the server has
 * @param record the chat as this device knows it, if it does
 * @param round from 1
 */
export async function whomToAsk(
  { account, mls, ownKey }: Pick<SyncContext, "account" | "mls" | "ownKey">,
  members: Uint8Array<ArrayBuffer>[],
  record: Readonly<ChatRecord> | undefined,
  state: GroupState | undefined,
  round: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const own = new Set(
    (state ? mls.members(state) : []).filter(({ credential }) => toHex(credential.accountKey) === ownKey).map((
      { recipientKey },
    ) => toHex(recipientKey)),
  );
  const others = members.filter((key) => !equalBytes(key, account.recipientKey)).sort((a, b) =>
    toHex(a) < toHex(b) ? -1 : 1
  );
  const ordered = [...others.filter((key) => !own.has(toHex(key))), ...others.filter((key) => own.has(toHex(key)))];
  const known = round <= roundsAmongKnown && record ? await devicesOf(account, record) : new Set<string>();
  const preferred = ordered.filter((key) => known.has(toHex(key)));
  const asked = preferred.length > 0 ? preferred : ordered;
  // Each device begins elsewhere, so that the same two are not asked by all.
  return inRotation(asked, askedAtOnce, account.recipientKey[0] + (round - 1) * askedAtOnce);
}

/** @returns so many of the items, beginning with the one at `from` and going around; all, if there are no more */
export function inRotation<T>(items: T[], count: number, from: number): T[] {
  if (items.length <= count) return items;
  const start = from % items.length;
  return [...items, ...items].slice(start, start + count);
}

/** @returns the devices of the chat's accounts as hex, as far as this device has their lists */
async function devicesOf(
  { directory }: SyncContext["account"],
  { members }: Readonly<ChatRecord>,
): Promise<Set<string>> {
  const accounts = await Promise.all(members.map(({ accountKey }) => directory.byKey(fromHex(accountKey))));
  return new Set(
    accounts.flatMap((known) => known?.devices.devices.map(({ recipientKey }) => toHex(recipientKey)) ?? []),
  );
}

export class ReaddRequests {
  readonly #context: Pick<SyncContext, "account" | "store">;
  /** KeyPackages of requests that are under way, by channel. */
  readonly #made = new Map<string, { keyPackage: Bytes; ref: Bytes; rounds: number; stored: string[] }>();

  constructor(context: Pick<SyncContext, "account" | "store">) {
    this.#context = context;
  }

  /** The device is in the channel. */
  forget(channelId: Uint8Array): void {
    this.#made.delete(toHex(channelId));
  }

  /**
   * @param n the epoch that could not be entered
   * @param commitId of the commit that made it; empty when it is not known
   * @param serverEpoch the channel's epoch now: the request is good for 32 epochs from it
   */
  async make(
    channelId: Uint8Array<ArrayBuffer>,
    n: number,
    commitId: Uint8Array<ArrayBuffer>,
    serverEpoch: number,
  ): Promise<DeviceMessageContent> {
    const { account, store } = this.#context;
    const channel = toHex(channelId);
    let requested = this.#made.get(channel);
    // A KeyPackage that stands in the tree is no help any more if its Welcome was lost, so another follows;
    // of those asked with before, few are kept.
    if (!requested || requested.rounds >= roundsWithOneKeyPackage) {
      const made = await account.keyPackages.forRequest();
      const before = requested?.stored ?? [];
      const deletes = before.slice(0, Math.max(0, before.length - keptRequests)).map((key) => ({
        store: "keypackages" as const,
        key,
      }));
      // The private part is on disk before anybody can seal to it.
      await store.write({ puts: [made.put], deletes });
      requested = { ...made, rounds: 0, stored: [...before.slice(-keptRequests), made.put.key] };
      this.#made.set(channel, requested);
    }
    requested.rounds++;
    const { keyPackage, ref } = requested;
    const request = await signReadd({
      channelId,
      recipientKey: account.recipientKey,
      keyPackageRef: ref,
      epoch: BigInt(serverEpoch),
    }, account.deviceSeed);
    return { kind: "readd", n, commitId: commitId.length === 16 ? commitId : new Uint8Array(), request, keyPackage };
  }
}
