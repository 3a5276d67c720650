/** The attachments of a chat, page by page. */

import { createSignal, onCleanup } from "solid-js";
import type { ChatFile, ChatFileKind, EngineApi } from "../../../client/api/engine_api.ts";
import type { EngineProblem } from "../../../client/api/errors.ts";
import { problemFrom } from "../task.ts";

/** Files that are there at once before older ones are asked for. */
const enough = 30;
/** A wait is told after this time, in ms. */
const shortWaitMs = 200;

export interface Gallery {
  kind(): ChatFileKind;
  show(kind: ChatFileKind): void;
  /** Newest first. */
  files(): ChatFile[];
  more(): boolean;
  /** It searches, for longer than 200 ms. */
  long(): boolean;
  problem(): EngineProblem | undefined;
  loadMore(): void;
}

/** @returns the gallery of a chat, with its pictures and videos */
export function createGallery(engine: Pick<EngineApi, "chatFiles">, chatId: string): Gallery {
  const [kind, setKind] = createSignal<ChatFileKind>("media");
  const [files, setFiles] = createSignal<ChatFile[]>([]);
  const [more, setMore] = createSignal(true);
  const [long, setLong] = createSignal(false);
  const [problem, setProblem] = createSignal<EngineProblem>();
  let before: string | undefined;
  /** Each search has a number: an answer to an earlier one is of no use. */
  let search = 0;
  let isRunning = false;

  async function load(): Promise<void> {
    if (isRunning || !more()) return;
    const own = search;
    const isNow = () => own === search;
    isRunning = true;
    setProblem(undefined);
    const timer = setTimeout(() => isNow() && setLong(true), shortWaitMs);
    const wanted = files().length + enough;
    try {
      while (isNow() && more() && files().length < wanted) {
        const page = await engine.chatFiles(chatId, kind(), before);
        if (!isNow()) return;
        before = page.before;
        setFiles([...files(), ...page.files]);
        setMore(before !== undefined);
      }
    } catch (error) {
      if (isNow()) setProblem(problemFrom(error));
    } finally {
      clearTimeout(timer);
      if (isNow()) {
        isRunning = false;
        setLong(false);
      }
    }
  }

  function begin(): void {
    search++;
    isRunning = false;
    before = undefined;
    setLong(false);
    setFiles([]);
    setMore(true);
    void load();
  }

  begin();
  onCleanup(() => search++);
  return {
    kind,
    show(next) {
      if (next === kind()) return;
      setKind(next);
      begin();
    },
    files,
    more,
    long,
    problem,
    loadMore: () => void load(),
  };
}
