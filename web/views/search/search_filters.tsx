import { createMemo, For, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { searchWord } from "../../i18n/search_words.ts";
import { useApp } from "../../state/app_context.ts";
import { searchDays, searchScopes } from "../../state/search_filters.ts";
import "../../styles/search.css";

/** Below the search field: which kinds of results are shown, of whom, and since when. */
export default function SearchFiltersView(): JSX.Element {
  const app = useApp();
  const { filters } = app.openings;
  const names = createMemo(() => namesOf(app.chats() ?? []));
  const own = () => {
    const account = app.account();
    return account?.kind === "signed-in" ? account.username : "";
  };
  const asksMessages = () => filters.shows("messages");
  return (
    <>
      <div class="list-filters" role="group" aria-label={searchWord("scopes")}>
        <For each={searchScopes}>
          {(scope) => (
            <button
              type="button"
              class="list-filter"
              aria-pressed={filters.scope() === scope}
              onClick={() => filters.setScope(scope)}
            >
              {searchWord(`scope-${scope}`)}
            </button>
          )}
        </For>
      </div>
      <Show when={asksMessages()}>
        <div class="search-narrow">
          <select
            class="input search-select"
            aria-label={searchWord("from")}
            onChange={(event) => filters.setSender(event.currentTarget.value)}
          >
            <option value="" selected={filters.sender() === ""}>{searchWord("from-all")}</option>
            <option value={own()} selected={filters.sender() === own()}>{searchWord("from-you")}</option>
            <For each={names()}>
              {(name) => <option value={name} selected={filters.sender() === name}>{app.people.bothOf(name)}</option>}
            </For>
          </select>
          <select
            class="input search-select"
            aria-label={searchWord("since")}
            onChange={(event) => filters.setDays(Number(event.currentTarget.value))}
          >
            <option value="0" selected={filters.days() === 0}>{searchWord("since-all")}</option>
            <For each={searchDays}>
              {(days) => <option value={days} selected={filters.days() === days}>{searchWord(`since-${days}`)}</option>}
            </For>
          </select>
        </div>
      </Show>
    </>
  );
}

/** The most people that can be chosen: a longer list helps nobody. */
const mostNames = 200;

/** People of the chats, those of the latest chats first. */
function namesOf(chats: ChatSummary[]): string[] {
  const others = chats.flatMap(({ members }) => members).filter(({ self, blocked }) => !self && !blocked);
  return [...new Set(others.map(({ username }) => username))].slice(0, mostNames);
}
