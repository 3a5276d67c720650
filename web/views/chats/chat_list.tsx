import { createMemo, For, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { filterChats } from "../../state/list_filter.ts";
import { keepFocus } from "../../dom/keep_focus.ts";
import { createPart } from "../../state/part.ts";
import { RecoveryBanner } from "../account/recovery_banner.tsx";
import { BackgroundProgress } from "../common/background_progress.tsx";
import { Icon } from "../common/icons.tsx";
import { ListSearch } from "../search/list_search.tsx";
import { TabBar } from "../spine.tsx";
import { ChatRow } from "./chat_row.tsx";
import { ConnectionStatus } from "./connection_status.tsx";
import { EmptyList } from "./empty_list.tsx";
import { ListTools } from "./list_tools.tsx";

/**
 * All chats, newest first, and the way to a new one. On a phone also the way to the settings, and the state of the
 * connection.
 *
 * @param props.note a line above the chats
 * @param props.compact whether nothing stands beside it
 */
export function ChatList(props: { note?: string; compact: boolean }): JSX.Element {
  const app = useApp();
  const username = () => {
    const account = app.account();
    return account?.kind === "signed-in" ? account.username : "";
  };
  const { listSearch: search, searchList: setSearch, listFilter: filter, filterList: setFilter } = app.openings;
  const firstSteps = createPart(() => import("./first_steps.tsx"), app.firstSteps.shown);
  const searches = () => search().trim() !== "";
  const showsChats = () => !searches() || app.openings.filters.shows("chats");
  /** People and messages say by themselves that there are none. */
  const showsChatsAlone = () =>
    !searches() || !app.openings.filters.shows("people") && !app.openings.filters.shows("messages");
  // The search finds all chats, whichever the list shows.
  const shown = createMemo(() => filterChats(app.chats() ?? [], searches() ? "all" : filter(), search()));
  // Rows are kept by chatId, so that a new message changes a row's text and does not rebuild the row.
  const chatIds = () => shown().map(({ chatId }) => chatId);
  let rows: HTMLElement | undefined;
  keepFocus(() => rows, shown);
  return (
    <section class="list-pane" aria-label={text("chats.title")}>
      <header class="list-head">
        <h1 class="list-title">{text("chats.title")}</h1>
        <Show when={props.compact}>
          <ConnectionStatus />
        </Show>
        <NewChatButton compact={props.compact} />
      </header>
      <RecoveryBanner />
      <Show when={app.chats()?.length}>
        <ListTools search={search()} filter={filter()} onSearch={setSearch} onFilter={setFilter} />
      </Show>
      <div class="list-scroll">
        <nav aria-label={text("chats.title")}>
          <Show when={props.note}>{(note) => <p class="list-note" role="status">{note()}</p>}</Show>
          <Show when={app.chats()?.length === 0}>
            <EmptyList />
          </Show>
          <Show when={showsChats()}>
            <Show when={showsChatsAlone() && app.chats()?.length && shown().length === 0}>
              <p class="list-note" role="status">{text("list.none")}</p>
            </Show>
            <Show when={searches() && shown().length > 0}>
              <h2 class="section-title">{text("chats.title")}</h2>
            </Show>
            <ul class="list" ref={(list) => (rows = list)}>
              <For each={chatIds()}>
                {(chatId) => <Show when={app.chat(chatId)}>{(chat) => <ChatRow chat={chat()} own={username()} />}
                </Show>}
              </For>
            </ul>
          </Show>
        </nav>
        <Show when={!searches() && app.firstSteps.shown() && app.chats() && firstSteps()} keyed>
          {({ FirstSteps }) => <FirstSteps />}
        </Show>
        <ListSearch query={search()} />
      </div>
      <BackgroundProgress />
      <Show when={props.compact}>
        <TabBar />
      </Show>
    </section>
  );
}

/** In the head; on a phone where the thumb is. */
function NewChatButton(props: { compact: boolean }): JSX.Element {
  const app = useApp();
  return (
    <button
      type="button"
      class={props.compact ? "new-fab" : "icon-button"}
      aria-label={text("chats.new")}
      title={text("chats.new")}
      onClick={() => app.navigation.go({ kind: "new-chat" })}
    >
      <Icon name="new-chat" {...(props.compact && { size: "l" as const })} />
    </button>
  );
}
