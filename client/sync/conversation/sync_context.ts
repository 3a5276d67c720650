/** What every part of the sync works with, handed in once. */

import type { RpcClient } from "../../../schema/rpc/client.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import type { AccountContext } from "../../account/types.ts";
import type { EngineProblem } from "../../api/errors.ts";
import type { Mls } from "../../mls/group.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationStore } from "./conversation_store.ts";
import type { Environment } from "../../runtime/environment.ts";
import type { OutboxRecord } from "./records.ts";
import type { TrustWatch } from "../membership/trust_watch.ts";

export interface SyncContext {
  readonly account: AccountContext;
  readonly rpc: RpcClient;
  readonly store: SealedStore;
  readonly conversations: ConversationStore;
  readonly mls: Mls;
  readonly trust: TrustWatch;
  readonly environment: Environment;
  /** Account key of this device as hex. */
  readonly ownKey: string;
  /** Something that belongs to no chat. */
  problem(problem: EngineProblem): void;
}

/** What the inbox tells the other parts, after its write. */
export interface InboxEvents {
  /** The group moved: messages may be sealed again, a commit may be built again. */
  epochChanged(chatId: string): void;
  /** The own commit was merged. */
  commitMerged(chatId: string): void;
  /** Another member's commit won; the plan is still stored. */
  commitLost(chatId: string): void;
  /** A member asked to leave: someone has to commit that. */
  leaveProposed(chatId: string): void;
  /** This device was taken out of the group. */
  chatEnded(chatId: string): void;
  joined(chatId: string): void;
  /** An entry could not be followed, and no later one can be: help is needed. */
  broken(chatId: string): void;
  /** This device's state is older than what it did already. */
  rolledBack(chatId: string): void;
  /** The server's list of members differs from the group's. */
  serverDiffers(chatId: string): void;
  /** A later message has edited, deleted or reacted to an own line. */
  lineChanged(chatId: string, order: string, isDeleted: boolean): void;
  /** A payload of one device to this one. */
  direct(entry: Entry): void;
  /**
   * The conversation goes on in another channel: what waits is sealed again, and so is what was said in the
   * one before while others were elsewhere.
   */
  moved(chatId: string, said: OutboxRecord[]): void;
  /** A successor whose maker is no admin as this device knows the group. */
  successorRefused(chatId: string, channelId: Uint8Array<ArrayBuffer>): void;
  /** A Welcome to a channel that this device does not know, or of a chat that it is out of, did not open. */
  welcomeLost(entry: Entry): void;
}
