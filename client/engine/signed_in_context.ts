/** What the parts of a signed-in engine share. */

import { toHex } from "../../schema/bytes.ts";
import type { AccountContext } from "../account/types.ts";
import type { ChatSummary, Progress, ReceiptMarks, TimelineItem } from "../api/engine_api.ts";
import type { Transfer } from "../api/attachments.ts";
import type { EngineProblem } from "../api/errors.ts";
import type { SpoolFiles } from "../attachments/spool_files.ts";
import { createMls } from "../mls/group.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { createConversationEvents } from "../sync/conversation/conversation_events.ts";
import { ConversationStore } from "../sync/conversation/conversation_store.ts";
import { Drafts } from "../sync/conversation/drafts.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { TrustWatch } from "../sync/membership/trust_watch.ts";

/** Listens to events of conversations and to the progress of this device's work. */
export interface SignedInEngineListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  /** The last reported items of a conversation may not be on this device after all. */
  reread(chatId: string): void;
  erased(chatId: string, orders: string[]): void;
  chats(chats: ChatSummary[]): void;
  /** So many chats of the account are still to come (awaited_chats.ts). */
  awaited(chats: number): void;
  /** Settings about people, links or requests are others. */
  people(): void;
  problem(problem: EngineProblem): void;
  progress(progress: Progress | undefined): void;
  /** The backlog of this connection is processed and on disk. */
  caughtUp(): void;
  typing(chatId: string, username: string): void;
  marks(chatId: string, marks: ReceiptMarks): void;
  transfer(transfer: Transfer): void;
}

/** The parts of a signed-in engine. */
export interface SignedInEngineOptions {
  account: AccountContext;
  store: SealedStore;
  /** Where ciphertext of attachments lies. */
  files: SpoolFiles;
  environment: Environment;
  listener: SignedInEngineListener;
  /** Asks the server for its time. */
  askTime: () => Promise<unknown>;
  /** Whether this device tells others what it has received and read. */
  sendsReceipts: boolean;
  /** Whether files that wait go out: the spool has them. */
  sendsFiles: boolean;
}

/** @returns what all parts of the sync are given */
export function contextOf({ account, store, environment, listener }: SignedInEngineOptions): SyncContext {
  const trust = new TrustWatch(account.trust);
  const mls = createMls({ trust: trust.trust, isRevoked: trust.watched(account.isRevoked) });
  const ownKey = toHex(account.accountKey);
  const own = { username: account.username, accountKey: ownKey };
  const drafts = new Drafts(store);
  return {
    account,
    rpc: account.rpc,
    store,
    conversations: new ConversationStore({ store, mls, own, listener, environment, drafts }),
    drafts,
    events: createConversationEvents(),
    mls,
    trust,
    environment,
    ownKey,
    privacy: {
      get readReceipts() {
        return account.settings.content.readReceipts !== false;
      },
      get typing() {
        return account.settings.content.typing !== false;
      },
    },
    problem: (problem) => listener.problem(problem),
  };
}
