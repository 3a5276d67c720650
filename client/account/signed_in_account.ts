/** Assembles the parts of a signed-in account: session, directory, vault and KeyPackages over one storage. */

import { equalBytes } from "../../schema/bytes.ts";
import type { OpenStream } from "../../schema/rpc/byte_stream.ts";
import type { EngineProblem } from "../api/errors.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { credentialOf, type StoredDevice } from "./devices/device.ts";
import { putListAgain } from "./devices/device_list_again.ts";
import { AccountDirectory } from "./directory/directory.ts";
import { KeyPackageKeeper } from "./key_packages/key_packages.ts";
import { newRestore } from "./restores.ts";
import type { ServerClock } from "./server_clock.ts";
import { SharedSettings } from "./settings/shared_settings.ts";
import { sessionAuth, SessionRpc, type StoredSession } from "./sign_in/session.ts";
import type { AccountContext } from "./types.ts";
import { VaultSync } from "./vault/vault_keeper.ts";

/** The {@link AccountContext}, and the parts that only the account's own code needs. */
export interface SignedInAccount extends AccountContext {
  readonly rpc: SessionRpc;
  readonly vault: VaultSync;
  readonly directory: AccountDirectory;
}

export interface SignedInAccountOptions {
  store: SealedStore;
  openStream: OpenStream;
  clock: ServerClock;
  onProblem?: ((problem: EngineProblem) => void) | undefined;
  /** How many KeyPackages the server should have at any time. */
  wantedKeyPackages?: number | undefined;
}

/**
 * @param onEnded called once when the session has ended, with the code of the reason; resolves when that is on disk
 * @returns the account, with its pins read from storage
 */
export async function openSignedInAccount(
  device: StoredDevice,
  session: StoredSession,
  options: SignedInAccountOptions,
  onEnded: (code: string) => Promise<void>,
): Promise<SignedInAccount> {
  const { store, openStream, clock, onProblem } = options;
  const { username, accountKey, deviceId, recipientKey, deviceSeed } = device;
  const rpc = new SessionRpc(openStream, sessionAuth(session.accessToken, deviceId), onEnded);
  const credential = credentialOf(device);
  const directory: AccountDirectory = new AccountDirectory({
    store,
    rpc,
    clock,
    ownUsername: username,
    onPinned: () => vault.inBackground(() => {}),
    onProblem,
  });
  const vault = new VaultSync({
    store,
    rpc,
    device,
    accountKey,
    pins: async () => (await directory.pins()).filter((pin) => !equalBytes(pin.accountKey, accountKey)),
    seenPins: () => Promise.resolve(directory.vaultPins()),
    isRestored: async () => ((await newRestore({ rpc, store }))?.restoredMs ?? 0) > 0,
    onVaultPins: (pins) => directory.importPins(pins),
    onProblem,
  });
  const settings = new SharedSettings({ store, rpc, accountKey, onProblem });
  const wantedStock = options.wantedKeyPackages;
  const keyPackages = new KeyPackageKeeper({ store, rpc, clock, device, credential, wantedStock });
  await Promise.all([directory.load(), settings.load()]);
  return {
    username,
    accountKey,
    deviceId,
    recipientKey,
    deviceSeed,
    credential,
    rpc,
    directory,
    keyPackages,
    vault,
    settings,
    putDevicesAgain: async () => {
      const seen = await directory.signedList(accountKey);
      if (seen) await putListAgain({ rpc, device, username }, seen);
    },
    trust: directory.trust,
    isRevoked: directory.isRevoked,
    clock,
  };
}
