/** The dependencies of the authentication service. */

import type { Opaque } from "../opaque/pool.ts";
import type { Store } from "../storage/store.ts";
import type { AccountChange } from "../delivery/device_notices.ts";
import type { Sessions } from "./sessions.ts";

export interface AuthenticationConfig {
  /** The policy for new accounts (`QPQ_REGISTRATION`). */
  registration: "open" | "invite" | "closed";
  /** Whether `searchUsers` finds names by their beginning (`QPQ_DIRECTORY_PREFIX`, default: the exact name alone). */
  directoryPrefix?: boolean;
  /** The operator's static token, at least 32 characters (`QPQ_AUTH_TOKEN`). */
  authToken?: string;
  /** OPAQUE calls of one IP address (`QPQ_OPAQUE_PER_IP_PER_MINUTE`, default 30). */
  opaquePerIpPerMinute?: number;
  /** OPAQUE calls for one username (`QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE`, default 10). */
  opaquePerAccountPerMinute?: number;
  /** fetchKeyPackage calls of one device for one account (default 30). */
  fetchKeyPackagePerMinute?: number;
  /** KeyPackages of one device for one other account in any 24 h (default 18). */
  fetchKeyPackagePerDay?: number;
  /** requestJoin calls of one account (default 5); an address may make twice as many. */
  requestJoinPerMinute?: number;
  /** uploadKeyPackages calls of one device (default 20). */
  uploadKeyPackagesPerMinute?: number;
}

export interface AuthenticationDeps {
  store: Pick<Store, "accounts">;
  opaque: Opaque;
  /** One instance for the whole server: `authorizeCall` and the handlers share it. */
  sessions: Sessions;
  config: AuthenticationConfig;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  /**
   * Whole ms since any moment, for rates and what lives for a minute: no correction of the clock moves it (default:
   * `clock`).
   */
  monotonic?: () => number;
  /**
   * Called for sessions that ended early (sign-out, revocation, new password, removed device). Their live
   * streams should end.
   */
  onSessionsEnded?(sessionIds: Uint8Array<ArrayBuffer>[]): void;
  /** Called when other devices have something to do for an account: its list, first KeyPackages or vault are new. */
  onAccountChanged?(change: AccountChange): void;
}
