/** Keeps an account's settings the same on all of its devices, by compare-and-set (specification §9.1). */

import { Mutex } from "async-mutex";
import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import { EngineError, type EngineProblem, LocalCode } from "../../api/errors.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import { asEngineErrors } from "../errors.ts";
import type { SettingsKeeper } from "../types.ts";
import { noSettings, openSettings, sealSettings, type SettingsContent } from "./settings_content.ts";

/** The stored record account/settings. */
interface StoredSettings {
  /** The highest version that this device has seen. */
  version: number;
  content: SettingsContent;
}

export interface SharedSettingsOptions {
  store: SealedStore;
  rpc: RpcClient;
  /** 32 bytes. */
  accountKey: Bytes;
  /** Told once when the server gives settings that do not open. */
  onProblem?: ((problem: EngineProblem) => void) | undefined;
}

/** Attempts while other devices write as well. */
const attempts = 4;

/** The {@link SettingsKeeper} of this device. */
export class SharedSettings implements SettingsKeeper {
  readonly #options: SharedSettingsOptions;
  readonly #working = new Mutex();
  readonly #watchers = new Set<() => void>();
  #stored: StoredSettings = { version: 0, content: noSettings() };
  #blocked = new Set<string>();
  #told = false;

  constructor(options: SharedSettingsOptions) {
    this.#options = options;
  }

  /** Reads what an earlier run stored. @throws StorageError */
  async load(): Promise<void> {
    this.#take(await this.#options.store.get<StoredSettings>("account", "settings") ?? this.#stored);
  }

  get content(): Readonly<SettingsContent> {
    return this.#stored.content;
  }

  isBlocked(accountKey: string): boolean {
    return this.#blocked.has(accountKey);
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  async sync(): Promise<void> {
    await asEngineErrors(() => this.#working.runExclusive(() => this.#trying(async () => void await this.#newest())))
      .catch((error) => {
        // An earlier server has no settings.
        if (!(error instanceof EngineError) || error.problem.code !== "E014") throw error;
      });
  }

  async change(edit: (content: SettingsContent) => SettingsContent | undefined): Promise<void> {
    await asEngineErrors(() =>
      this.#working.runExclusive(() =>
        this.#trying(async () => {
          const { version, content } = await this.#newest();
          const next = edit(content);
          if (next) await this.#put(version, next);
        })
      )
    );
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

  /**
   * @returns the newest settings. Where the server has lost them, because it was restored or lies, those that this
   *   device has seen are put in their place
   */
  async #newest(): Promise<StoredSettings> {
    const { rpc, accountKey } = this.#options;
    const { version, sealed } = await rpc.call(authentication.getSettings, {});
    if (version === this.#stored.version) return this.#stored;
    if (version < this.#stored.version) {
      await this.#put(version, this.#stored.content);
      return this.#stored;
    }
    const content = await this.#opened(sealed, accountKey, version);
    await this.#save({ version, content });
    return this.#stored;
  }

  async #opened(sealed: Bytes, accountKey: Bytes, version: number): Promise<SettingsContent> {
    const content = await openSettings(sealed, await this.#vaultKey(), accountKey, version).catch((error) => {
      if (error instanceof MalformedError) return undefined;
      throw error;
    });
    if (content) return content;
    const problem = { code: LocalCode.vaultUnreadable, detail: "the settings do not open" };
    if (!this.#told) this.#options.onProblem?.(problem);
    this.#told = true;
    throw new EngineError(problem);
  }

  async #put(expectedVersion: number, content: SettingsContent): Promise<void> {
    const { rpc, accountKey } = this.#options;
    const version = expectedVersion + 1;
    const sealed = await sealSettings(content, await this.#vaultKey(), accountKey, version);
    const invitedOnly = content.policy === "invited";
    await rpc.call(authentication.putSettings, { expectedVersion, sealed, invitedOnly });
    await this.#save({ version, content });
  }

  async #vaultKey(): Promise<Bytes> {
    const vault = await this.#options.store.get<{ vaultKey: Bytes }>("account", "vault");
    if (!vault) throw new EngineError({ code: LocalCode.notSignedIn, detail: "there is no vault" });
    return vault.vaultKey;
  }

  async #save(stored: StoredSettings): Promise<void> {
    await this.#options.store.write({ puts: [{ store: "account", key: "settings", value: stored }] });
    this.#take(stored);
    for (const tell of this.#watchers) tell();
  }

  #take(stored: StoredSettings): void {
    this.#stored = stored;
    this.#blocked = new Set(stored.content.blocked.map(({ accountKey }) => toHex(accountKey)));
  }
}
