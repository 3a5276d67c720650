/**
 * What is begun in each chat, in this tab. The engine keeps it and tells the other tabs; the text that is being typed
 * here goes before what comes from there.
 */

import { createSignal } from "solid-js";
import type { ChatSummary, EngineApi } from "../../client/api/engine_api.ts";

/** Letters typed within this time are kept together, in ms. */
const keepAfterMs = 300;

export interface Drafts {
  /** The text in a chat's field. */
  of(chatId: string): string;
  /** The user has typed: the text is kept soon. */
  typed(chatId: string, text: string): void;
  /**
   * The field was emptied for a message.
   *
   * @param stored whether the engine has the message now; else the draft that it keeps stays, for the next start
   */
  sending(chatId: string, stored: Promise<boolean>): void;
  /** The engine's list of chats came. */
  heard(chats: readonly ChatSummary[]): void;
  /** Keeps everything now. Never rejects: what can not be kept stays in the field. */
  flush(): Promise<void>;
  /** Nobody is signed in any more. */
  clear(): void;
}

interface Draft {
  text: string;
  /** "typed": the engine does not have it yet; "sending": it is becoming a message. */
  state: "kept" | "typed" | "sending";
  /** What the engine said last. */
  heard: string;
  /** The text that was sent last: the engine may still tell of it, or of its beginning. */
  sent?: string;
}

/** @param engine keeps the drafts */
export function createDrafts(engine: Pick<EngineApi, "keepDraft">): Drafts {
  const drafts = new Map<string, Draft>();
  const [version, setVersion] = createSignal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const redraw = () => setVersion((before) => before + 1);

  function draftOf(chatId: string): Draft {
    const known = drafts.get(chatId) ?? { text: "", state: "kept", heard: "" };
    drafts.set(chatId, known);
    return known;
  }

  async function keep(chatId: string, draft: Draft): Promise<void> {
    const { text } = draft;
    await engine.keepDraft(chatId, text).then(() => {
      if (draft.state === "typed" && draft.text === text) draft.state = "kept";
    }, () => {});
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await Promise.all([...drafts].map(([chatId, draft]) => draft.state === "typed" && keep(chatId, draft)));
  }

  return {
    of(chatId) {
      version();
      return drafts.get(chatId)?.text ?? "";
    },
    typed(chatId, text) {
      Object.assign(draftOf(chatId), { text, state: "typed", sent: undefined });
      timer ??= setTimeout(() => void flush(), keepAfterMs);
      redraw();
    },
    sending(chatId, stored) {
      const draft = draftOf(chatId);
      Object.assign(draft, { text: "", state: "sending", sent: draft.text });
      redraw();
      void stored.then(async (isStored) => {
        if (draft.state !== "sending") return;
        // The engine has taken the draft away with the message, unless the message was not what the draft became.
        if (isStored) await keep(chatId, draft);
        if (draft.state === "sending") draft.state = "kept";
      });
    },
    heard(chats) {
      for (const { chatId, draft: news = "" } of chats) {
        const draft = draftOf(chatId);
        if (draft.heard === news) continue;
        draft.heard = news;
        if (draft.state === "kept" && !(news && draft.sent?.startsWith(news))) draft.text = news;
      }
      redraw();
    },
    flush,
    clear() {
      drafts.clear();
      redraw();
    },
  };
}
