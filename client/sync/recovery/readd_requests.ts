/** Signed requests of this device to be removed and added again in one commit (specification §3.4). */

import { toHex } from "../../../schema/bytes.ts";
import type { Bytes } from "../../../schema/bytes.ts";
import { signReadd } from "../../mls/group.ts";
import type { DeviceMessageContent } from "../device_messages/device_messages.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/**
 * How many rounds ask with one KeyPackage, and how many earlier KeyPackages stay, because an older request
 * may be carried out late.
 */
const roundsWithOneKeyPackage = 2;

const keptRequests = 3;

export class ReaddRequests {
  readonly #context: Pick<SyncContext, "account" | "store">;
  /** KeyPackages of open requests, by channel. */
  readonly #made = new Map<string, { keyPackage: Bytes; ref: Bytes; rounds: number; stored: string[] }>();

  constructor(context: Pick<SyncContext, "account" | "store">) {
    this.#context = context;
  }

  /** The device is in the channel: its request is forgotten. */
  forget(channelId: Uint8Array): void {
    this.#made.delete(toHex(channelId));
  }

  /**
   * Makes or repeats a request.
   *
   * @param n the epoch that could not be entered
   * @param commitId of the commit that made it; empty when it is not known
   * @param serverEpoch the channel's present epoch: the request is valid for 32 epochs from it
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
    // If the Welcome was lost, a KeyPackage that is in the tree already does not help any more. So another
    // one follows, and only few of the earlier ones are kept.
    if (!requested || requested.rounds >= roundsWithOneKeyPackage) {
      const made = await account.keyPackages.forRequest(channelId);
      const before = requested?.stored ?? [];
      const deletes = before.slice(0, Math.max(0, before.length - keptRequests)).map((key) => ({
        store: "keypackages" as const,
        key,
      }));
      // The private part is on disk before another device can seal to it.
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
