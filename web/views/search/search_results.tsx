import { createMemo, For, type JSX, Show } from "solid-js";
import type { ChatMember, ChatSummary, SearchHit } from "../../../client/api/engine_api.ts";
import { matchOf, parseQuery, type Range } from "../../../client/search/query.ts";
import { searchWord } from "../../i18n/search_words.ts";
import { useApp } from "../../state/app_context.ts";
import { listTimeText } from "../../state/clock_text.ts";
import { jump } from "../../state/jumps.ts";
import { hashOf, type Route } from "../../state/routes.ts";
import { createSearch } from "../../state/search.ts";
import { createTask } from "../../state/task.ts";
import { Avatar } from "../common/avatar.tsx";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { MarkedText } from "./marked_text.tsx";
import "../../styles/search.css";

/** The most people that are listed. */
const mostPeople = 8;

/** What is found for a text: people and messages. A press leads there. */
export default function SearchResults(props: { query: string }): JSX.Element {
  const app = useApp();
  const { filters } = app.openings;
  const asked = () => filters.shows("messages") ? props.query : "";
  const search = createSearch(app.engine, asked, undefined, 20, () => filters.options(Date.now()));
  const terms = createMemo(() => parseQuery(props.query));
  const people = createMemo(() =>
    (filters.shows("people") ? peopleOf(app.chats() ?? []) : []).flatMap((one) => {
      const name = one.displayName ?? one.username;
      const [inName, inAddress] = [name, one.username].map((words) => matchOf(terms(), words, ""));
      return inName || inAddress ? [{ one, name, inName, inAddress }] : [];
    }).slice(0, mostPeople)
  );
  const isEmpty = () =>
    people().length === 0 &&
    (filters.shows("messages")
      ? search.answered() === props.query.trim() && search.hits().length === 0
      : filters.shows("people"));
  return (
    <section aria-label={searchWord("results")}>
      <Show when={people().length > 0}>
        <h2 class="section-title">{searchWord("people")}</h2>
        <ul class="list">
          <For each={people()}>{(found) => <PersonRow {...found} />}</For>
        </ul>
      </Show>
      <Show when={search.hits().length > 0}>
        <h2 class="section-title">{searchWord("messages")}</h2>
        <ul class="list">
          <For each={search.hits()}>{(hit) => <HitRow hit={hit} />}</For>
        </ul>
        <Show when={search.more()}>
          <button type="button" class="button button-quiet search-more" onClick={search.loadMore}>
            {searchWord("more")}
          </button>
        </Show>
      </Show>
      <div role="status">
        <Show when={isEmpty()}>
          <p class="search-note" dir="auto">
            {searchWord(filters.shows("messages") ? "nothing" : "nobody", { text: props.query.trim() })}
          </p>
        </Show>
        <Show when={search.long()}>
          <p class="search-note">{searchWord("searching")}</p>
        </Show>
        <Show when={!search.isComplete()}>
          <p class="search-note">{searchWord("building")}</p>
        </Show>
      </div>
      <Show when={search.problem()}>{(problem) => <ProblemNote problem={problem()} />}</Show>
      <p class="search-note">
        <Icon name="lock" /> {searchWord("local")}
      </p>
    </section>
  );
}

/** The people of all chats, each once, without the user. */
function peopleOf(chats: ChatSummary[]): ChatMember[] {
  const others = chats.flatMap(({ members }) => members).filter(({ self }) => !self);
  return [...new Map(others.map((member) => [member.accountKey, member])).values()];
}

function HitRow(props: { hit: SearchHit }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.hit.chatId);
  const sender = () => {
    if (props.hit.own) return searchWord("you");
    const found = chat();
    return found ? app.people.nameIn(found, props.hit.sender) : props.hit.sender;
  };
  const title = () => {
    const found = chat();
    if (!found) return sender();
    return found.kind === "direct" && !props.hit.own
      ? app.people.title(found)
      : searchWord("in", { name: sender(), chat: app.people.title(found) });
  };
  const key = () =>
    chat()?.members.find(({ username, self }) => props.hit.own ? self : username === props.hit.sender)?.accountKey;
  return (
    <ResultRow
      to={{ kind: "chat", chatId: props.hit.chatId, info: false, at: props.hit.order }}
      face={<Avatar name={props.hit.sender} of={key()} />}
      title={title()}
      text={<MarkedText text={props.hit.text} ranges={props.hit.ranges} />}
      atMs={props.hit.atMs}
    />
  );
}

/** A person: a press opens the chat of two, which is begun where there is none. */
function PersonRow(
  props: { one: ChatMember; name: string; inName: Range[] | undefined; inAddress: Range[] | undefined },
): JSX.Element {
  const app = useApp();
  const task = createTask();
  const open = () =>
    task.run(async () => {
      const chatId = await app.engine.startChat([props.one.username]);
      app.navigation.go({ kind: "chat", chatId, info: false });
    });
  return (
    <li>
      <button type="button" class="chat-row result-row" aria-busy={task.long()} onClick={() => void open()}>
        <Avatar name={props.one.username} of={props.one.accountKey} />
        <span class="chat-row-text">
          <span class="chat-row-title" dir="auto">
            <MarkedText text={props.name} ranges={props.inName ?? []} />
          </span>
          <Show when={props.name !== props.one.username}>
            <span class="chat-row-preview">
              @<MarkedText text={props.one.username} ranges={props.inAddress ?? []} />
            </span>
          </Show>
        </span>
      </button>
      <Show when={task.problem()}>{(problem) => <ProblemNote problem={problem()} />}</Show>
    </li>
  );
}

function ResultRow(
  props: { to: Route; face: JSX.Element; title: JSX.Element; text?: JSX.Element; atMs: number },
): JSX.Element {
  const app = useApp();
  return (
    <li>
      <a
        class="chat-row result-row"
        href={hashOf(props.to)}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          jump(app.navigation, props.to);
        }}
      >
        {props.face}
        <span class="chat-row-text">
          <span class="chat-row-line">
            <span class="chat-row-title" dir="auto">{props.title}</span>
            <time class="chat-row-time" dateTime={new Date(props.atMs).toISOString()}>
              {listTimeText(props.atMs, Date.now())}
            </time>
          </span>
          <Show when={props.text}>
            <span class="chat-row-preview" dir="auto">{props.text}</span>
          </Show>
        </span>
      </a>
    </li>
  );
}
