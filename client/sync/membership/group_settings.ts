/** What admins set for all of a chat: how long messages stay, and what a group is about (specification §3.9). */

import type { Bytes } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { requireVisible } from "../../content/visible_text.ts";
import { changedData, type GroupDataChange, isTimer, maxDescriptionLength } from "../../mls/group.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { requireFeature } from "../send/changes.ts";
import { activeRecord } from "./active_record.ts";
import { isAdmin } from "./admins.ts";

/** Changes group data by a commit. */
export class GroupSettings {
  readonly #context: SyncContext;
  readonly #committer: Committer;

  constructor(context: SyncContext, committer: Committer) {
    this.#context = context;
    this.#committer = committer;
  }

  /** @param timerMs undefined: messages stay @throws EngineError L010, L011, L019, L044 */
  async setTimer(chatId: string, timerMs: number | undefined): Promise<void> {
    if (timerMs !== undefined && !isTimer(timerMs)) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: "a timer of 30 s to 4 weeks, in whole seconds" });
    }
    await this.#change(chatId, { timerMs });
  }

  /** @param description "" for none @throws EngineError L010, L011, L019, L032, L044 */
  async describe(chatId: string, description: string): Promise<void> {
    const text = description.trim();
    if (activeRecord(this.#context, chatId).kind === "direct") throw notAllowed("a chat of two has no description");
    if (text !== "") requireVisible(text, "a description");
    if (text.length > maxDescriptionLength) {
      const detail = `a description of at most ${maxDescriptionLength} characters`;
      throw new EngineError({ code: LocalCode.tooLarge, detail });
    }
    await this.#change(chatId, { description: text === "" ? undefined : text });
  }

  /** @throws EngineError L010, L019, L044: the chat is no group whose picture this account may set */
  requireGroup(chatId: string): void {
    const record = activeRecord(this.#context, chatId);
    if (record.kind === "direct") throw notAllowed("a chat of two has no picture");
    this.#requireAllowed(record);
  }

  /** @param picture its reference; undefined for none @throws EngineError L010, L019, L044 */
  async setPicture(chatId: string, picture: Bytes | undefined): Promise<void> {
    this.requireGroup(chatId);
    await this.#change(chatId, { picture });
  }

  async #change(chatId: string, change: GroupDataChange): Promise<void> {
    this.#requireAllowed(activeRecord(this.#context, chatId), change);
    const data = Object.fromEntries(Object.entries(change).map(([field, value]) => [field, value ?? null]));
    await this.#committer.commit(chatId, () => ({ purpose: "info", add: [], remove: [], data }));
  }

  #requireAllowed(record: Readonly<ConversationRecord>, change?: GroupDataChange): void {
    if (record.kind === "group" && !isAdmin(record, this.#context.ownKey)) throw notAllowed("only admins set that");
    // GRP-2.8 lets all of it be taken away. A member that takes the feature out of its leaf does not keep a timer on.
    const isTakenAway = record.data && change && !changedData(record.data, change);
    if (!isTakenAway) requireFeature({ record }, "group-data");
  }
}

function notAllowed(detail: string): EngineError {
  return new EngineError({ code: LocalCode.notAllowed, detail });
}
