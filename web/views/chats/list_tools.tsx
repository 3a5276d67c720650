import { For, type JSX, lazy, Show, Suspense } from "solid-js";
import { text } from "../../i18n/language.ts";
import { type ListFilter, listFilters } from "../../state/list_filter.ts";
import { Icon } from "../common/icons.tsx";

/** Loaded with the first letter. */
const SearchFiltersView = lazy(() => import("../search/search_filters.tsx"));

/** The field that searches the list, and which chats or results it shows. */
export function ListTools(
  props: {
    search: string;
    filter: ListFilter;
    onSearch: (search: string) => void;
    onFilter: (filter: ListFilter) => void;
  },
): JSX.Element {
  return (
    <div class="list-tools">
      <div class="searchbox">
        <Icon name="search" />
        <input
          type="search"
          class="list-search"
          aria-label={text("list.search")}
          placeholder={text("list.search")}
          autocomplete="off"
          spellcheck={false}
          value={props.search}
          onInput={(event) => props.onSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || props.search === "") return;
            event.stopPropagation();
            props.onSearch("");
          }}
        />
      </div>
      <Show
        when={props.search.trim() === ""}
        fallback={
          <Suspense>
            <SearchFiltersView />
          </Suspense>
        }
      >
        <div class="list-filters" role="group" aria-label={text("list.filter")}>
          <For each={listFilters}>
            {(filter) => (
              <button
                type="button"
                class="list-filter"
                aria-pressed={props.filter === filter}
                onClick={() => props.onFilter(filter)}
              >
                {text(`list.${filter}`)}
              </button>
            )}
          </For>
        </div>
      </Show>
    </div>
  );
}
