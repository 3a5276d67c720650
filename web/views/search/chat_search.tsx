import { createEffect, createSignal, createUniqueId, type JSX, on, onMount, Show } from "solid-js";
import { isComposing } from "../../dom/composing.ts";
import { searchWord } from "../../i18n/search_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createSearch } from "../../state/search.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import "../../styles/search.css";

/** Matches that are known at once; further ones are loaded on the way to them. */
const hitsAtOnce = 100;

/**
 * The bar that searches in one chat, and leads to a date.
 *
 * @param props.goTo leads the conversation to the item at a place
 */
export default function ChatSearch(
  props: { chatId: string; goTo(order: string): void; onClose(): void },
): JSX.Element {
  const app = useApp();
  const [query, setQuery] = createSignal("");
  const [at, setAt] = createSignal(0);
  const search = createSearch(app.engine, query, props.chatId, hitsAtOnce);
  const task = createTask();
  const dateId = createUniqueId();
  let field!: HTMLInputElement;
  onMount(() => field.focus());
  const isAnswered = () => query().trim() !== "" && search.answered() === query().trim();
  const show = (index: number) => {
    const hit = search.hits()[index];
    if (!hit) return;
    setAt(index);
    props.goTo(hit.order);
    if (index >= search.hits().length - 2 && search.more()) search.loadMore();
  };
  // The newest match of each new text.
  createEffect(on(search.answered, (text) => text !== undefined && show(0), { defer: true }));
  /** @param day "2026-03-12" */
  const goToDate = (day: string) =>
    task.run(async () => {
      const atMs = new Date(`${day}T00:00`).getTime();
      if (!Number.isFinite(atMs)) return;
      const { at: order } = await app.engine.timelineAround(props.chatId, { atMs }, 2);
      if (order !== undefined) props.goTo(order);
    });
  return (
    <search
      class="chat-search"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isComposing(event)) return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      <div class="searchbox">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          aria-label={searchWord("inChat")}
          placeholder={searchWord("inChat")}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxlength="256"
          value={query()}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !isComposing(event)) show(event.shiftKey ? at() - 1 : at() + 1);
          }}
        />
      </div>
      <span class="chat-search-count" role="status">
        <Show when={isAnswered()} fallback={search.long() ? searchWord("searching") : ""}>
          <Show when={search.hits().length > 0} fallback={searchWord("none")}>
            {searchWord("count", { at: at() + 1, count: `${search.hits().length}${search.more() ? "+" : ""}` })}
          </Show>
        </Show>
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={searchWord("older")}
        title={searchWord("older")}
        disabled={at() + 1 >= search.hits().length}
        onClick={() => show(at() + 1)}
      >
        <Icon name="up" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={searchWord("newer")}
        title={searchWord("newer")}
        disabled={at() === 0}
        onClick={() => show(at() - 1)}
      >
        <Icon name="down" />
      </button>
      <label class="visually-hidden" for={dateId}>{searchWord("date")}</label>
      <input
        id={dateId}
        type="date"
        class="input chat-search-date"
        title={searchWord("date")}
        onChange={(event) => void goToDate(event.currentTarget.value)}
      />
      <button
        type="button"
        class="icon-button chat-search-close"
        aria-label={searchWord("close")}
        title={searchWord("close")}
        onClick={() => props.onClose()}
      >
        <Icon name="close" />
      </button>
      <Show when={!search.isComplete()}>
        <p class="search-note" role="status">{searchWord("building")}</p>
      </Show>
      <Show when={search.problem() ?? task.problem()}>{(problem) => <ProblemNote problem={problem()} />}</Show>
    </search>
  );
}
