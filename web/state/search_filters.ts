/** What a search of the list is narrowed to: a kind of result, a person, a time. */

import { createSignal } from "solid-js";
import type { SearchOptions } from "../../client/api/engine_api.ts";

export const searchScopes = ["all", "chats", "people", "messages", "files"] as const;
export type SearchScope = typeof searchScopes[number];

/** Times that can be chosen, in days back from now. */
export const searchDays = [1, 7, 30, 365] as const;

export interface SearchFilters {
  scope(): SearchScope;
  setScope(scope: SearchScope): void;
  /** A username; "" for everybody. */
  sender(): string;
  setSender(username: string): void;
  /** One of {@link searchDays}; 0 for any time. */
  days(): number;
  setDays(days: number): void;
  /** Whether results of a kind are shown. */
  shows(kind: "chats" | "people" | "messages"): boolean;
  /** What the engine is asked beside the words. @param nowMs by this device's clock */
  options(nowMs: number): Pick<SearchOptions, "sender" | "sinceMs" | "files">;
  reset(): void;
}

const dayMs = 24 * 3_600_000;

/** @returns filters that let everything through */
export function createSearchFilters(): SearchFilters {
  const [scope, setScope] = createSignal<SearchScope>("all");
  const [sender, setSender] = createSignal("");
  const [days, setDays] = createSignal(0);
  return {
    scope,
    setScope,
    sender,
    setSender,
    days,
    setDays,
    shows(kind) {
      if (kind === "messages") return scope() === "all" || scope() === "messages" || scope() === "files";
      // A person or a time is asked for of messages alone.
      const isOfMessages = sender() !== "" || days() > 0;
      return scope() === kind || (scope() === "all" && !isOfMessages);
    },
    options: (nowMs) => ({
      ...(sender() !== "" && { sender: sender() }),
      ...(days() > 0 && { sinceMs: nowMs - days() * dayMs }),
      ...(scope() === "files" && { files: true as const }),
    }),
    reset() {
      setScope("all");
      setSender("");
      setDays(0);
    },
  };
}
