/** Looks accounts up and fetches KeyPackages for their devices, at the pace that the server allows. */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import { codeName, ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import type { KnownAccount } from "../../account/types.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { parseKeyPackage } from "../../mls/group.ts";
import { pause } from "../../runtime/clock.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import { tellNotAdded } from "../commits/usable_adds.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Calls of one request that run at once. The server limits an account's calls per second. */
const callsAtOnce = 8;
/** A longer wait, in ms, is told to whoever asked: the server's limit of a day. */
export const longestWaitMs = 120_000;
/** How often one call is tried before the user sees its E005. */
export const triesAtMost = 20;

/** Somebody of whom no device can be added. */
export interface Missing {
  username: string;
  /** What the server answers (E026): the account gives its KeyPackages to people alone whom it has invited. */
  invitedOnly?: WireError;
}

/** Looks accounts up, and fetches KeyPackages of their devices. */
export class KeyPackageFetch {
  readonly #context: SyncContext;
  /** Tokens of links whose makers' KeyPackages this device may have, by account as hex. */
  readonly #tokens = new Map<string, Bytes>();

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** From now on the token of an account's link is shown where its KeyPackages are fetched. */
  invited(accountKey: Uint8Array, token: Bytes): void {
    this.#tokens.set(toHex(accountKey), token);
  }

  /** @throws EngineError */
  async lookUp(usernames: string[]): Promise<KnownAccount[]> {
    return await this.#withRateLimitRetry(
      usernames,
      (username) => this.#context.account.directory.byUsername(username),
    );
  }

  /**
   * Fetches one KeyPackage for each device of these accounts, and for the own account's other devices.
   *
   * @returns the devices that can be added, and the people of whom none can
   * @throws EngineError
   */
  async ofAccounts(
    people: KnownAccount[],
    onProgress: (done: number, total: number) => void,
    withOwn: boolean,
  ): Promise<{ add: CommitPlan["add"]; without: Missing[] }> {
    const { account } = this.#context;
    // A device that signed in a moment ago belongs into the new group.
    if (withOwn) await account.directory.refresh([account.accountKey]).catch(() => {});
    const own = withOwn ? await account.directory.byKey(account.accountKey) : undefined;
    const ownOthers =
      own?.devices.devices.filter(({ recipientKey }) => !equalBytes(recipientKey, account.recipientKey)) ?? [];
    let done = 0;
    const wanted = people.map((person) => ({ person, devices: person.devices.devices }));
    if (own && ownOthers.length > 0) wanted.push({ person: own, devices: ownOthers });
    onProgress(done, people.length);
    const fetched = await this.#withRateLimitRetry(wanted, async ({ person, devices }) => {
      const { packages, invitedOnly } = await this.#ofPerson(person, devices);
      onProgress(Math.min(++done, people.length), people.length);
      return { person, packages, invitedOnly };
    });
    return {
      add: fetched.flatMap(({ packages }) => packages),
      without: fetched.filter(({ person, packages }) => person !== own && packages.length === 0)
        .map(({ person: { username }, invitedOnly }) => ({ username, ...(invitedOnly && { invitedOnly }) })),
    };
  }

  /** Who takes invited people only does not keep the others out. */
  async #ofPerson(
    person: KnownAccount,
    devices: KnownAccount["devices"]["devices"],
  ): Promise<{ packages: CommitPlan["add"]; invitedOnly?: WireError }> {
    try {
      return { packages: await this.#ofEach(person, devices) };
    } catch (error) {
      if (!(error instanceof WireError) || error.code !== ErrorCode.invitedOnly) throw error;
      return { packages: [], invitedOnly: error };
    }
  }

  /**
   * The server refuses the whole call where one of the devices has no KeyPackage: it was away for longer than its last
   * resort lives, or never uploaded one. Then each device is asked for by itself.
   */
  async #ofEach(person: KnownAccount, devices: KnownAccount["devices"]["devices"]): Promise<CommitPlan["add"]> {
    try {
      return await this.ofDevices(person, devices);
    } catch (error) {
      if (!hasNoneLeft(error)) throw error;
    }
    const found = await mapWithConcurrency(devices, callsAtOnce, async (device) => {
      try {
        return await this.ofDevices(person, [device]);
      } catch (error) {
        if (!hasNoneLeft(error)) throw error;
        tellNotAdded(this.#context, person.username, device.recipientKey, "no KeyPackage left");
        return [];
      }
    });
    return found.flat();
  }

  /**
   * Fetches one KeyPackage for each of these devices of an account. One that is malformed, of small order, expired or
   * with another credential is left out, and the user is told.
   *
   * @returns those that can be used
   * @throws EngineError L020 unless the server gives exactly one for each
   */
  async ofDevices(
    person: KnownAccount,
    devices: KnownAccount["devices"]["devices"],
  ): Promise<CommitPlan["add"]> {
    const { accountKey, username } = person;
    const { keyPackages } = await this.#context.rpc.call(authentication.fetchKeyPackage, {
      accountKey,
      deviceIds: devices.map(({ deviceId }) => deviceId),
      linkToken: this.#tokens.get(toHex(accountKey)) ?? new Uint8Array(),
    });
    // The signed device list names the devices. The server may neither leave out a device nor add one.
    const given = devices.map(({ deviceId }) => keyPackages.find((found) => equalBytes(found.deviceId, deviceId)));
    if (given.includes(undefined) || keyPackages.length !== devices.length) throw this.#notOf(username);
    const found = await Promise.all(
      devices.map((device, index) => this.#usable(person, device, given[index]!.keyPackage)),
    );
    return found.filter((add) => add !== undefined);
  }

  async #usable(
    { accountKey, username }: KnownAccount,
    { deviceId, recipientKey }: KnownAccount["devices"]["devices"][number],
    keyPackage: Bytes,
  ): Promise<CommitPlan["add"][number] | undefined> {
    const notAdded = (reason: string): undefined => {
      tellNotAdded(this.#context, username, recipientKey, reason);
    };
    try {
      const { credential, ...parsed } = await parseKeyPackage(keyPackage);
      if (!equalBytes(parsed.recipientKey, recipientKey)) throw this.#notOf(username);
      const nowMs = this.#context.account.clock.now();
      if (nowMs < parsed.notBeforeMs || nowMs > parsed.notAfterMs) return notAdded("KeyPackage: not valid now");
      const isOwners = credential.username === username && equalBytes(credential.accountKey, accountKey) &&
        equalBytes(credential.deviceId, deviceId);
      return isOwners ? { recipientKey, keyPackage } : notAdded("KeyPackage: the credential is another's");
    } catch (error) {
      if (error instanceof MalformedError) return notAdded(error.message);
      throw error;
    }
  }

  #notOf(username: string): EngineError {
    return new EngineError({
      code: LocalCode.badAnswer,
      detail: `the KeyPackages of ${username} are not those of its devices`,
    });
  }

  /**
   * Runs calls for many items, a few at a time. A call that the server rate-limits (E005) is repeated when
   * the server allows.
   */
  async #withRateLimitRetry<T, R>(items: T[], ask: (item: T) => Promise<R>): Promise<R[]> {
    const { environment } = this.#context;
    return await mapWithConcurrency(items, callsAtOnce, async (item) => {
      for (let tries = 1;; tries++) {
        try {
          return await ask(item);
        } catch (error) {
          const waitMs = putOffMs(error);
          if (waitMs === undefined || waitMs > longestWaitMs || tries === triesAtMost) throw error;
          await pause(environment, waitMs + waitMs * environment.random(), new AbortController().signal);
        }
      }
    });
  }
}

function hasNoneLeft(error: unknown): boolean {
  return error instanceof WireError && error.code === ErrorCode.noKeyPackageLeft;
}

/** @returns after how many ms the server allows the call again, or undefined for any other error */
export function putOffMs(error: unknown): number | undefined {
  if (error instanceof WireError && error.code === ErrorCode.rateLimited) return error.retryAfterMs;
  if (error instanceof EngineError && error.problem.code === codeName(ErrorCode.rateLimited)) {
    return error.problem.retryAfterMs ?? 0;
  }
  return undefined;
}
