/** Looks accounts up and fetches KeyPackages for their devices, at the pace that the server allows. */

import { equalBytes } from "../../../schema/bytes.ts";
import { codeName, ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import type { KnownAccount } from "../../account/types.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { parseKeyPackage } from "../../mls/group.ts";
import { pause } from "../../runtime/clock.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Calls of one request that run at once. The server limits an account's calls per second. */
const callsAtOnce = 8;
/** A longer wait is told to whoever asked: the server's limit of a day. */
const longestWaitMs = 120_000;
/** How often one call is tried before the user sees its E005. */
const triesAtMost = 20;

/** Looks accounts up, and fetches KeyPackages of their devices. */
export class KeyPackageFetch {
  readonly #context: SyncContext;

  constructor(context: SyncContext) {
    this.#context = context;
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
   * @throws EngineError
   */
  async ofAccounts(
    people: KnownAccount[],
    onProgress: (done: number, total: number) => void,
    withOwn: boolean,
  ): Promise<CommitPlan["add"]> {
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
      const packages = await this.ofDevices(person, devices);
      onProgress(Math.min(++done, people.length), people.length);
      return packages;
    });
    return fetched.flat();
  }

  /**
   * Fetches one KeyPackage for each of these devices of an account.
   *
   * @throws EngineError L020 unless the server gives exactly one for each
   */
  async ofDevices(
    { accountKey, username }: KnownAccount,
    devices: KnownAccount["devices"]["devices"],
  ): Promise<CommitPlan["add"]> {
    const { keyPackages } = await this.#context.rpc.call(authentication.fetchKeyPackage, {
      accountKey,
      deviceIds: devices.map(({ deviceId }) => deviceId),
    });
    const found = await Promise.all(
      keyPackages.map(async ({ keyPackage }) => ({
        keyPackage,
        recipientKey: (await parseKeyPackage(keyPackage)).recipientKey,
      })),
    );
    // The signed device list names the devices. The server may neither leave out a device nor add one.
    const complete = devices.every((device) =>
      found.some(({ recipientKey }) => equalBytes(recipientKey, device.recipientKey))
    );
    if (!complete || found.length !== devices.length) {
      throw new EngineError({
        code: LocalCode.badAnswer,
        detail: `the KeyPackages of ${username} are not those of its devices`,
      });
    }
    return found;
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

/** @returns after how many ms the server allows the call again, or undefined for any other error */
function putOffMs(error: unknown): number | undefined {
  if (error instanceof WireError && error.code === ErrorCode.rateLimited) return error.retryAfterMs;
  if (error instanceof EngineError && error.problem.code === codeName(ErrorCode.rateLimited)) {
    return error.problem.retryAfterMs ?? 0;
  }
  return undefined;
}
