/** The authentication service's operations on SQLite. */

import type { AccountStore } from "../../account_store.ts";
import type { Operations } from "../operation.ts";
import { accountStateOperations } from "./account_state.ts";
import { deviceOperations } from "./devices.ts";
import { directoryOperations } from "./directory.ts";
import { keyPackageOperations } from "./key_packages.ts";
import { linkOperations } from "./links.ts";
import { opaqueKeyOperations } from "./opaque_keys.ts";
import { purgeOperations } from "./purge.ts";
import { registrationOperations } from "./registration.ts";
import { sessionOperations } from "./sessions.ts";
import { settingsOperations } from "./settings.ts";
import { vaultOperations } from "./vault.ts";

export const accountOperations: Operations<AccountStore> = {
  ...opaqueKeyOperations,
  ...registrationOperations,
  ...sessionOperations,
  ...vaultOperations,
  ...deviceOperations,
  ...accountStateOperations,
  ...directoryOperations,
  ...keyPackageOperations,
  ...settingsOperations,
  ...linkOperations,
  ...purgeOperations,
};
