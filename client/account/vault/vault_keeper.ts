/**
 * Brings what this device learns (pins, channels) into the account's vault, merged with what the account's
 * other devices put there.
 */

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
import { mergeChannels, openVault, sealVault, type VaultContent } from "./vault.ts";
import { fittingPins, mergePins, type Pin } from "./pins.ts";

/** What storage holds under account/vault. */
export interface StoredVault {
  /** The highest version that this device has seen. */
  version: number;
  /** 32 bytes; opens pins and channels (vault.ts). */
  vaultKey: Bytes;
}

export interface VaultKeeperOptions {
  store: SealedStore;
  rpc: RpcClient;
  device: DeviceKeys;
  accountKey: Bytes;
  /** This device's pins, at each attempt. */
  pins(): Promise<Pin[]>;
  /** Told of the pins that the vault holds. */
  onVaultPins(pins: Pin[]): Promise<void>;
  /** Told once when the server gives a vault that does not open, or one older than was seen before (L006). */
  onProblem?(problem: EngineProblem): void;
}

/** Other devices of the account write at the same time; more often than this means a server that never takes it. */
const attempts = 4;

/**
 * Holds the vault on this device and writes changes to the server by compare-and-set; never goes back to an
 * older version.
 */
export class VaultSync implements VaultKeeper {
  readonly #options: VaultKeeperOptions;
  readonly #working = new Mutex();
  readonly #background = new SingleFlight();
  #told = false;

  constructor(options: VaultKeeperOptions) {
    this.#options = options;
  }

  async sync(channelIds?: Uint8Array[]): Promise<void> {
    try {
      await asEngineErrors(() => this.#working.runExclusive(() => this.#sync(channelIds)));
    } catch (error) {
      this.#tell((error as EngineError).problem);
      throw error;
    }
  }

  /**
   * The one way to write the vault other than {@link sync}: the wraps change, the content stays.
   *
   * @param write puts the next vault on the server; E015 means that another device came first, and is tried
   *   again with the newer vault
   */
  async rewrap(write: (current: { vault: Vault; content: VaultContent }) => Promise<Vault>): Promise<void> {
    await this.#working.runExclusive(() =>
      this.#trying(async () => {
        const { store, rpc, accountKey } = this.#options;
        const stored = await store.get<StoredVault>("account", "vault");
        const { vault } = await rpc.call(authentication.getVault, {});
        const content = await openVault(vault, stored!.vaultKey, accountKey, stored!.version);
        const { version } = await write({ vault, content });
        await store.write({ puts: [{ store: "account", key: "vault", value: { ...stored, version } }] });
      })
    );
  }

  /**
   * Syncs without being waited for: once at a time, and once more when asked meanwhile. What fails is made up
   * for by the next sync.
   */
  inBackground(onError: (error: unknown) => void): void {
    void this.#background.run("sync", () => this.sync().catch(onError));
  }

  /** Most syncs are nobody's to wait for, and a server that goes back in time must not go unseen. */
  #tell(problem: EngineProblem): void {
    if (problem.code !== LocalCode.vaultUnreadable || this.#told) return;
    this.#told = true;
    this.#options.onProblem?.(problem);
  }

  async #sync(channelIds?: Uint8Array[]): Promise<void> {
    await this.#trying(() => this.#attempt(channelIds));
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

  async #attempt(channelIds?: Uint8Array[]): Promise<void> {
    const { store, rpc, device, accountKey, pins, onVaultPins } = this.#options;
    const stored = await store.get<StoredVault>("account", "vault");
    if (!stored) return;
    const { vault } = await rpc.call(authentication.getVault, {});
    const theirs = await openVault(vault, stored.vaultKey, accountKey, stored.version);
    const merged: VaultContent = {
      pins: fittingPins(mergePins(await pins(), theirs.pins)),
      // Only ever added to: a device that asks to come back into a channel that was left is told so there.
      channels: mergeChannels(channelIds ?? [], theirs.channels),
    };
    let version = vault.version;
    if (toHex(encodeCbor([merged.pins, merged.channels])) !== toHex(encodeCbor([theirs.pins, theirs.channels]))) {
      version = vault.version + 1;
      const sealed = await sealVault(merged, stored.vaultKey, accountKey, version);
      const next = { ...vault, version, sealed };
      const proof = await proveCall(rpc, device.deviceSeed, "putVault", [u64(vault.version), ...vaultFields(next)]);
      await rpc.call(authentication.putVault, { expectedVersion: vault.version, vault: next, proof });
    }
    if (version !== stored.version) {
      await store.write({ puts: [{ store: "account", key: "vault", value: { ...stored, version } }] });
    }
    await onVaultPins(merged.pins);
  }
}
