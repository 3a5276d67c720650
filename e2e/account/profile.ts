/** A browser profile with an account manager in it, over the real authentication service. */

import assert from "node:assert/strict";
import { AccountManager, type AccountManagerOptions } from "../../client/account/account.ts";
import { type OpaqueSuite, suite1 } from "../../client/account/sign_in/opaque_client.ts";
import type { AccountContext } from "../../client/account/types.ts";
import type { ChatListChange } from "../../client/account/vault/chat_list.ts";
import type { AccountState, Progress } from "../../client/api/engine_api.ts";
import { EngineError, type EngineProblem } from "../../client/api/errors.ts";
import { MemoryStorage } from "../../client/storage/testing/memory.ts";
import { importWrappingKey, SealedStore } from "../../client/storage/sealed_store.ts";
import type { PageSentinel } from "../../client/storage/sentinel.ts";
import { type Bytes, sha256, toHex } from "../../schema/bytes.ts";
import { openDeviceList } from "../../schema/device_list.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { AuthenticationServer } from "./authentication_server.ts";

/** Not for use: passwords would be cheap to guess. */
const cheapSuite: OpaqueSuite = { tag: suite1.tag, harden: (y) => sha256(y) };
export const password = "correct horse battery";

export class Profile {
  storage = new MemoryStorage();
  text: string | undefined;
  readonly states: AccountState[] = [];
  readonly problems: EngineProblem[] = [];
  readonly progress: (Progress | undefined)[] = [];
  readonly page: PageSentinel = {
    get: () => Promise.resolve(this.text),
    set: (text) => Promise.resolve(void (this.text = text)),
    remove: () => Promise.resolve(void (this.text = undefined)),
  };
  manager!: AccountManager;
  store!: SealedStore;

  private constructor(readonly server: AuthenticationServer, readonly options: Partial<AccountManagerOptions>) {}

  static async open(server: AuthenticationServer, options: Partial<AccountManagerOptions> = {}): Promise<Profile> {
    const profile = new Profile(server, options);
    await profile.start();
    return profile;
  }

  /** As a page that is loaded again. */
  async start(): Promise<AccountState> {
    this.store = new SealedStore(this.storage, await importWrappingKey(new Uint8Array(32).fill(1)));
    await this.store.takeFence();
    this.manager = new AccountManager({
      store: this.store,
      openStream: this.server.openStream,
      suite: cheapSuite,
      page: this.page,
      onState: (state) => this.states.push(state),
      onProblem: (problem) => this.problems.push(problem),
      onProgress: (progress) => this.progress.push(progress),
      ...this.options,
    });
    return await this.manager.resume();
  }

  get context(): AccountContext {
    assert.ok(this.manager.context);
    return this.manager.context;
  }

  async ownDevices(): Promise<string[]> {
    const { account } = await this.context.rpc.call(authentication.lookup, { username: this.context.username });
    return (await openDeviceList(account.devices)).devices.map(({ deviceId }) => toHex(deviceId));
  }
}

export const rejectsWith = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);

/** @returns for `vault.sync`: this channel is one that the account has taken */
export function taken(channelId: Bytes): ChatListChange {
  return { own: [{ channelId, people: [] }], gone: [] };
}
