import { type JSX, lazy, Show, Suspense } from "solid-js";
import { text } from "../../i18n/language.ts";

/** Loaded with the first letter: the sign-in screen and the list do without. */
const SearchResults = lazy(() => import("./search_results.tsx"));

/**
 * People and messages that match the text in the list's search field, below the chats that do.
 *
 * @param props.query the text; without one there is nothing
 */
export function ListSearch(props: { query: string }): JSX.Element {
  return (
    <Show when={props.query.trim() !== ""}>
      <Suspense fallback={<p class="list-note" role="status">{text("app.loading")}</p>}>
        <SearchResults query={props.query} />
      </Suspense>
    </Show>
  );
}
