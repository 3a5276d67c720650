/**
 * Applies changes of operator commands to the running server: to its cache of sessions and its open
 * subscriptions.
 */

import type { Log } from "../../server-common/log.ts";
import { errorFields } from "../../server-common/log.ts";
import type { AccountStore } from "../storage/account_store.ts";
import type { Sessions } from "./sessions.ts";

/** ms between two looks. A revoked session can be used for this long. */
const lookEveryMs = 500;

/**
 * A call may have been authorised just before the cache was emptied, and have subscribed just after. So the
 * subscriptions are looked at a second time.
 */
const looksAfterChange = 2;

export interface OutsideChangesOptions {
  accounts: Pick<AccountStore, "revision" | "endedSessions">;
  sessions: Pick<Sessions, "forgetAll">;
  live: { sessionIds(): Uint8Array<ArrayBuffer>[]; endSessions(sessionIds: Uint8Array[]): void };
  log: Log;
  /** Called after each change of another process. */
  onChange?(): void;
}

/**
 * Looks every {@link lookEveryMs} whether another process has changed the database. To be called before the
 * first session is looked up. A look costs no write and no fsync.
 *
 * @returns a function that ends the watch
 */
export async function watchOutsideChanges(
  { accounts, sessions, live, log, onChange }: OutsideChangesOptions,
): Promise<() => Promise<void>> {
  let revision = await accounts.revision();
  let looks = 0;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const found = await accounts.revision();
    if (found !== revision) {
      sessions.forgetAll();
      onChange?.();
      looks = looksAfterChange;
    }
    revision = found;
    if (looks === 0) return;
    looks--;
    const sessionIds = live.sessionIds();
    if (sessionIds.length > 0) live.endSessions(await accounts.endedSessions({ sessionIds }));
  };
  const timer = setInterval(() => {
    looking ??= look().catch((error) => log.error("looking for outside changes failed", errorFields(error))).finally(
      () => looking = undefined,
    );
  }, lookEveryMs);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
