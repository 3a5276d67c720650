/** Registers the handlers of the authentication service. */

import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { Challenges } from "./challenges.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { addDeletionHandlers } from "./deletion_handlers.ts";
import { addDeviceHandlers } from "./device_handlers.ts";
import { addDirectoryHandlers } from "./directory_handlers.ts";
import { addKeyPackageHandlers } from "./key_package_handlers.ts";
import { addLinkHandlers } from "./link_handlers.ts";
import { addLoginHandlers } from "./login_handlers.ts";
import { OpaqueLimits } from "./opaque_limits.ts";
import { addRecoveryHandlers } from "./recovery_handlers.ts";
import { addRegistrationHandlers } from "./registration_handlers.ts";
import { addSessionHandlers } from "./session_handlers.ts";
import { addSettingsHandlers } from "./settings_handlers.ts";
import { addVaultHandlers } from "./vault_handlers.ts";

/** Adds all methods of AuthenticationService to the server's handlers. */
export function authenticationHandlers(handlers: Handlers<Caller>, deps: AuthenticationDeps): void {
  const limits = new OpaqueLimits(deps);
  const challenges = new Challenges(deps.monotonic ?? deps.clock);
  addRegistrationHandlers(handlers, deps, limits);
  addLoginHandlers(handlers, deps, limits);
  addRecoveryHandlers(handlers, deps, limits);
  addSessionHandlers(handlers, deps, challenges);
  addVaultHandlers(handlers, deps, challenges);
  addDeviceHandlers(handlers, deps, challenges);
  addDeletionHandlers(handlers, deps, challenges);
  addDirectoryHandlers(handlers, deps);
  addKeyPackageHandlers(handlers, deps);
  addSettingsHandlers(handlers, deps);
  addLinkHandlers(handlers, deps);
}
