/** What a shortcut or the palette opens from anywhere: a dialog over everything, and the searches of list and chat. */

import { batch, createSignal } from "solid-js";
import type { ListFilter } from "./list_filter.ts";
import { createSearchFilters, type SearchFilters } from "./search_filters.ts";

/** Dialogs that no screen owns. */
export type OpenedDialog = "palette" | "shortcuts" | "invite";

export interface Openings {
  dialog(): OpenedDialog | undefined;
  show(dialog: OpenedDialog | undefined): void;
  /** The text in the list's search field. */
  listSearch(): string;
  searchList(text: string): void;
  /** What that search is narrowed to. */
  filters: SearchFilters;
  listFilter(): ListFilter;
  filterList(filter: ListFilter): void;
  /** The chat in which the bar of its search is open. */
  searchedChat(): string | undefined;
  searchChat(chatId: string | undefined): void;
  /** Nothing is open any more. */
  close(): void;
}

/** @returns nothing open, the whole list */
export function createOpenings(): Openings {
  const [dialog, show] = createSignal<OpenedDialog>();
  const [listSearch, searchList] = createSignal("");
  const filters = createSearchFilters();
  const [listFilter, filterList] = createSignal<ListFilter>("all");
  const [searchedChat, searchChat] = createSignal<string>();
  return {
    dialog,
    show,
    listSearch,
    searchList(text) {
      searchList(text);
      if (text === "") filters.reset();
    },
    filters,
    listFilter,
    filterList,
    searchedChat,
    searchChat,
    close: () =>
      batch(() => {
        show(undefined);
        searchList("");
        filters.reset();
        filterList("all");
        searchChat(undefined);
      }),
  };
}
