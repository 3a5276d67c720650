/** The view state of a search: what was found for the text in the field, page by page. */

import { batch, createEffect, createSignal, on, onCleanup } from "solid-js";
import type { EngineApi, SearchHit, SearchOptions } from "../../client/api/engine_api.ts";
import type { EngineProblem } from "../../client/api/errors.ts";
import { problemFrom } from "./task.ts";

/** While somebody types, the engine is asked after this pause, in ms. */
const typingPauseMs = 120;
/** While the index is being built, the search is repeated after this time, in ms. */
const againMs = 2000;
/** A wait shows after this time, in ms. */
const shortWaitMs = 200;

export interface SearchState {
  /** Newest first. */
  hits(): SearchHit[];
  /** There are more than those. */
  more(): boolean;
  loadMore(): void;
  /** The text that the hits are for; undefined before the first answer. */
  answered(): string | undefined;
  /** False while older messages may be missing. */
  isComplete(): boolean;
  /** The engine has not answered for 200 ms. */
  long(): boolean;
  problem(): EngineProblem | undefined;
}

/**
 * @param query the text in the field
 * @param chatId to search in; undefined: all chats
 * @param narrowed what else is asked; a change asks again
 */
export function createSearch(
  engine: Pick<EngineApi, "search">,
  query: () => string,
  chatId?: string,
  limit = 20,
  narrowed: () => Pick<SearchOptions, "sender" | "sinceMs" | "files"> = () => ({}),
): SearchState {
  const [hits, setHits] = createSignal<SearchHit[]>([]);
  const [before, setBefore] = createSignal<string>();
  const [answered, setAnswered] = createSignal<string>();
  const [isComplete, setComplete] = createSignal(true);
  const [long, setLong] = createSignal(false);
  const [problem, setProblem] = createSignal<EngineProblem>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;

  async function ask(text: string, from?: string): Promise<void> {
    const mine = ++round;
    const slow = setTimeout(() => mine === round && setLong(true), shortWaitMs);
    try {
      const options = {
        limit,
        ...narrowed(),
        ...(chatId !== undefined && { chatId }),
        ...(from !== undefined && { before: from }),
      };
      const found = await engine.search(text, options);
      // Another text was typed since, or another page is asked for.
      if (mine !== round) return;
      batch(() => {
        setHits(from === undefined ? found.hits : [...hits(), ...found.hits]);
        setBefore(found.before);
        setComplete(found.isComplete);
        setAnswered(text);
        setProblem(undefined);
      });
      if (!found.isComplete && from === undefined) timer = setTimeout(() => void ask(text), againMs);
    } catch (error) {
      if (mine === round) setProblem(problemFrom(error));
    } finally {
      clearTimeout(slow);
      if (mine === round) setLong(false);
    }
  }

  function reset(): void {
    round++;
    clearTimeout(timer);
    setLong(false);
  }

  createEffect(on([() => query().trim(), narrowed], ([text]) => {
    reset();
    if (text !== "") {
      timer = setTimeout(() => void ask(text), typingPauseMs);
      return;
    }
    batch(() => {
      setHits([]);
      setBefore(undefined);
      setAnswered(undefined);
      setProblem(undefined);
    });
  }));
  onCleanup(reset);
  return {
    hits,
    more: () => before() !== undefined,
    loadMore() {
      const [text, from] = [answered(), before()];
      if (text === undefined || from === undefined) return;
      reset();
      void ask(text, from);
    },
    answered,
    isComplete,
    long,
    problem,
  };
}
