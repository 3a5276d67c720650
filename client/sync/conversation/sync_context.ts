/** The shared context of all parts of the sync. It is handed in once. */

import type { RpcClient } from "../../../schema/rpc/client.ts";
import type { AccountContext } from "../../account/types.ts";
import type { PrivacySettings } from "../../api/engine_api.ts";
import type { EngineProblem } from "../../api/errors.ts";
import type { Mls } from "../../mls/group.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationEvents } from "./conversation_events.ts";
import type { ConversationStore } from "./conversation_store.ts";
import type { Drafts } from "./drafts.ts";
import type { Environment } from "../../runtime/environment.ts";

export interface SyncContext {
  readonly account: AccountContext;
  readonly rpc: RpcClient;
  readonly store: SealedStore;
  readonly conversations: ConversationStore;
  readonly mls: Mls;
  /** Tells a refused leaf from a leaf that could not be judged (membership/trust_watch.ts). */
  readonly trust: { during<T>(work: () => Promise<T>): Promise<T> };
  readonly drafts: Drafts;
  readonly events: ConversationEvents;
  readonly environment: Environment;
  /** What the user tells others. */
  readonly privacy: Readonly<PrivacySettings>;
  /** Account key of this device as hex. */
  readonly ownKey: string;
  /** Reports a problem that belongs to no chat. */
  problem(problem: EngineProblem): void;
}
