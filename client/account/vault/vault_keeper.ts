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
import { mergeChannels, openVault, sealVault, type VaultContent } from "./vault.ts";
import { fittingPins, mergePins, type Pin } from "./pins.ts";

/** The stored record account/vault. */
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
  /** Reads this device's pins, at each attempt. */
  pins(): Promise<Pin[]>;
  /** Called with the pins of the vault. */
  onVaultPins(pins: Pin[]): Promise<void>;
  /**
   * Called once when the server gives a vault that does not open, or one older than was seen before (L006).
   */
  onProblem?(problem: EngineProblem): void;
}

/** Attempts while other devices write as well. After these, the server is assumed to take no write. */
const attempts = 4;

/** The {@link VaultKeeper} of this device: writes by compare-and-set, and never accepts an older version. */
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
   * Writes the vault with other wrapped keys and the same content.
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
      // Channels are only added. A device that asks to be re-added to a channel it left gets its answer there.
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
