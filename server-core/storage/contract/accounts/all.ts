/** All behaviours of an account store. */

import type { AccountStore } from "../../account_store.ts";
import type { Behaviour } from "../behaviour.ts";
import { deletionBehaviours } from "./deletion.ts";
import { deviceBehaviours } from "./devices.ts";
import { keyPackageBehaviours } from "./key_packages.ts";
import { linkBehaviours } from "./links.ts";
import { registrationBehaviours } from "./registration.ts";
import { sessionBehaviours } from "./sessions.ts";
import { settingsBehaviours } from "./settings.ts";
import { vaultBehaviours } from "./vault.ts";

export const accountBehaviours: Behaviour<keyof AccountStore>[] = [
  ...registrationBehaviours,
  ...sessionBehaviours,
  ...vaultBehaviours,
  ...deviceBehaviours,
  ...deletionBehaviours,
  ...keyPackageBehaviours,
  ...linkBehaviours,
  ...settingsBehaviours,
];
