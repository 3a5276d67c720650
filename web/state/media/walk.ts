/** The pictures and videos of a chat, in the order in which one looks through them. */

import { createSignal } from "solid-js";
import { oldestFirst } from "../../../client/api/chat_files.ts";
import type { ChatFile, EngineApi } from "../../../client/api/engine_api.ts";
import { keyOf } from "./loader.ts";

export interface MediaWalk {
  /** Oldest first. */
  files(): ChatFile[];
  /** The one that is looked at. */
  current(): ChatFile | undefined;
  /** Its place among those that are known, from 1. */
  at(): number;
  hasPrevious(): boolean;
  hasNext(): boolean;
  /** Goes to an older one, which the engine may have to find. */
  previous(): Promise<void>;
  next(): void;
  /** Whether older ones are looked for. */
  searching(): boolean;
}

/** Older ones are asked for when so few are left before the present one. */
const ahead = 3;

/**
 * @param files those that are known, in any order, without a hole
 * @param first the key of the one to begin with
 */
export function createMediaWalk(
  engine: Pick<EngineApi, "chatFiles">,
  chatId: string,
  files: readonly ChatFile[],
  first: string,
): MediaWalk {
  const [known, setKnown] = createSignal(oldestFirst(files));
  const [key, setKey] = createSignal(first);
  const [more, setMore] = createSignal(true);
  const [searching, setSearching] = createSignal(false);
  let before = known().at(0)?.message.order;
  let search: Promise<void> | undefined;

  const index = () => known().findIndex((file) => keyOf(file) === key());
  const go = (to: number) => {
    const file = known()[to];
    if (file) setKey(keyOf(file));
  };

  async function find(): Promise<void> {
    setSearching(true);
    try {
      const page = await engine.chatFiles(chatId, "media", before);
      setKnown(oldestFirst([...page.files, ...known()]));
      before = page.before;
      if (before === undefined) setMore(false);
    } catch {
      // The page has told the reader what it lacks; what is known stays.
      setMore(false);
    } finally {
      setSearching(false);
    }
  }

  /** Looks for older ones until there is one, or none. */
  async function older(): Promise<void> {
    const { length } = known();
    while (more() && known().length === length) await (search ??= find().finally(() => search = undefined));
  }

  return {
    files: known,
    current: () => known()[index()],
    at: () => index() + 1,
    hasPrevious: () => index() > 0 || more(),
    hasNext: () => index() < known().length - 1,
    async previous() {
      if (index() === 0) await older();
      go(index() - 1);
      if (index() < ahead) void older();
    },
    next: () => go(index() + 1),
    searching,
  };
}
