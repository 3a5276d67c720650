/** Merges this device's pins and channels into the account's vault on the server (specification §1.5). */

import { Mutex } from "async-mutex";
import { type Bytes, toHex, u64 } from "../../../schema/bytes.ts";
import { encodeCbor } from "../../../schema/cbor.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { authentication, type Vault } from "../../../schema/rpc/methods.ts";
import { vaultFields } from "../../../schema/signed_call.ts";
import { type EngineError, type EngineProblem, LocalCode } from "../../api/errors.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import { type DeviceKeys, proveCall } from "../devices/device.ts";
import { asEngineErrors } from "../errors.ts";
import type { VaultKeeper } from "../types.ts";
import { ChatList, type ChatListChange, valuesOf, withoutGone } from "./chat_list.ts";
import { mergeChannels, openVault, sealVault, type VaultContent } from "./vault.ts";
import { fittingPins, mergePins, type Pin } from "./pins.ts";

/** The stored record account/vault. */
export interface StoredVault {
  /** The highest version that this device has seen. */
  version: number;
  /** 32 bytes; opens pins and channels (vault.ts). */
  vaultKey: Bytes;
  /** The channels of that version (chat_list.ts). Absent in records of earlier versions. */
  channels?: Bytes[];
}

export interface VaultKeeperOptions {
  store: SealedStore;
  rpc: RpcClient;
  device: DeviceKeys;
  accountKey: Bytes;
  /** Reads this device's pins, at each attempt. */
  pins(): Promise<Pin[]>;
  /** The pins of the newest vault that this device has seen. */
  seenPins(): Promise<Pin[]>;
  /** Whether the server says that it was restored, and this device has not dealt with that yet. */
  isRestored(): Promise<boolean>;
  /** Told of the pins that the vault holds. */
  onVaultPins(pins: Pin[]): Promise<void>;
  /** Told once when the server gives a vault that does not open, or one older than was seen before: {@link sync}. */
  onProblem?(problem: EngineProblem): void;
}

/** Attempts while other devices write as well. After these, the server is assumed to take no write. */
const attempts = 4;

/**
 * The {@link VaultKeeper} of this device: writes by compare-and-set, and never accepts an older version. Where the
 * server says that it was restored, this device writes what it knows over the older vault (docs/decisions/023).
 */
export class VaultSync implements VaultKeeper {
  readonly #options: VaultKeeperOptions;
  readonly #working = new Mutex();
  readonly #background = new SingleFlight();
  #told = false;

  constructor(options: VaultKeeperOptions) {
    this.#options = options;
  }

  async chats(): Promise<ChatList> {
    return new ChatList((await this.#options.store.get<StoredVault>("account", "vault"))?.channels ?? []);
  }

  async sync(change?: ChatListChange): Promise<void> {
    try {
      await asEngineErrors(() => this.#working.runExclusive(() => this.#sync(change)));
    } catch (error) {
      this.#tell((error as EngineError).problem);
      throw error;
    }
  }

  /**
   * Writes the vault with other wrapped keys and the same content.
   *
   * @param write puts the next vault on the server; E015 means that another device came first, and is tried
   *   again with the newer vault
   */
  async rewrap(write: (current: { vault: Vault; content: VaultContent }) => Promise<Vault>): Promise<void> {
    await this.#working.runExclusive(() =>
      this.#trying(async () => {
        const stored = (await this.#options.store.get<StoredVault>("account", "vault"))!;
        const current = await this.#newest(stored);
        const { version } = await write(current);
        await this.#seen(stored, version, current.content);
      })
    );
  }

  /**
   * Syncs in the background, one run at a time. A failure is repaired by the next sync.
   *
   * @param onError called with the error of a failed sync
   */
  inBackground(onError: (error: unknown) => void): void {
    void this.#background.run("sync", () => this.sync().catch(onError));
  }

  /**
   * Reports an unreadable or older vault once, because most syncs have no caller that waits for the error.
   */
  #tell(problem: EngineProblem): void {
    if (problem.code !== LocalCode.vaultUnreadable || this.#told) return;
    this.#told = true;
    this.#options.onProblem?.(problem);
  }

  async #sync(change?: ChatListChange): Promise<void> {
    await this.#trying(() => this.#attempt(change));
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1;; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isWireError(error, ErrorCode.epochConflict) || attempt === attempts) throw error;
      }
    }
  }

  async #attempt(change: ChatListChange = { own: [], gone: [] }): Promise<void> {
    const { store, pins } = this.#options;
    const stored = await store.get<StoredVault>("account", "vault");
    if (!stored) return;
    const { vault, content: theirs } = await this.#newest(stored);
    const merged: VaultContent = {
      pins: fittingPins(mergePins(await pins(), theirs.pins)),
      channels: mergeChannels(await valuesOf(change), withoutGone(theirs.channels, change.gone)),
    };
    let { version } = vault;
    if (toHex(encodeCbor([merged.pins, merged.channels])) !== toHex(encodeCbor([theirs.pins, theirs.channels]))) {
      ({ version } = await this.#put(vault, merged, stored));
    }
    await this.#seen(stored, version, merged);
  }

  /** Stores the pins before the version, so that this device has all pins of each version that it has seen. */
  async #seen(stored: StoredVault, version: number, { pins, channels }: VaultContent): Promise<void> {
    const { store, onVaultPins } = this.#options;
    await onVaultPins(pins);
    if (version === stored.version && stored.channels) return;
    await store.write({ puts: [{ store: "account", key: "vault", value: { ...stored, version, channels } }] });
  }

  /**
   * @returns the server's vault. One that a restored server has lost is written again before: the older content,
   *   and what this device knows, under the next version above the one seen
   * @throws EngineError L006; WireError E015 when another device was faster
   */
  async #newest(stored: StoredVault): Promise<{ vault: Vault; content: VaultContent }> {
    const { rpc, accountKey, pins, seenPins, isRestored } = this.#options;
    let { vault } = await rpc.call(authentication.getVault, {});
    const isLost = vault.version < stored.version && await isRestored();
    const content = await openVault(vault, stored.vaultKey, accountKey, isLost ? vault.version : stored.version);
    if (!isLost) return { vault, content };
    const known = mergePins(await pins(), await seenPins());
    const merged = { ...content, pins: fittingPins(mergePins(known, content.pins)) };
    // The server takes a version only after the one before it.
    while (vault.version <= stored.version) vault = await this.#put(vault, merged, stored);
    return { vault, content: merged };
  }

  /** Puts a content as the version after `vault`. @returns the vault that the server has now */
  async #put(vault: Vault, content: VaultContent, { vaultKey }: StoredVault): Promise<Vault> {
    const { rpc, device, accountKey } = this.#options;
    const version = vault.version + 1;
    const next = { ...vault, version, sealed: await sealVault(content, vaultKey, accountKey, version) };
    const proof = await proveCall(rpc, device.deviceSeed, "putVault", [u64(vault.version), ...vaultFields(next)]);
    await rpc.call(authentication.putVault, { expectedVersion: vault.version, vault: next, proof });
    return next;
  }
}
