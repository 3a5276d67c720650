import { createEffect, createSignal, type JSX, Match, Show, Switch } from "solid-js";
import { text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { createPart } from "../state/part.ts";
import { listenToShortcuts } from "../state/shortcut_keys.ts";
import { ChatInfo } from "./members/chat_info.tsx";
import { ChatList } from "./chats/chat_list.tsx";
import { ConversationView } from "./conversation/conversation_view.tsx";
import { EmptyArt } from "./common/empty_art.tsx";
import { compactQuery, createMedia } from "./common/media.ts";
import { NewChat } from "./chats/new_chat.tsx";
import { Settings } from "./settings/settings.tsx";
import { Spine } from "./spine.tsx";
import "../styles/shell.css";
import "../styles/chat_list.css";
import "../styles/conversation.css";
import "../styles/message.css";
import "../styles/markup.css";
import "../styles/files.css";
import "../styles/media.css";
import "../styles/polls.css";
import "../styles/compose.css";
import "../styles/popovers.css";
import "../styles/emoji.css";
import "../styles/panels.css";
import "../styles/members.css";
import "../styles/safety.css";
import "../styles/settings.css";

type Safety = typeof import("./members/safety_dialog.tsx").SafetyDialog;

/** The signed-in screen: the spine, the list and the chosen view, side by side, or one at a time on a phone. */
export function Shell(): JSX.Element {
  const app = useApp();
  const compact = createMedia(compactQuery);
  const wide = createMedia("(min-width: 1180px)");
  const route = () => app.navigation.route();
  const openChat = () => {
    const here = route();
    return here.kind === "chat" ? here : undefined;
  };
  const chatId = () => openChat()?.chatId;
  const showsInfo = () => openChat()?.info === true;
  /** An old address, or one of another account: on a phone its screen would lead nowhere. */
  const lost = () =>
    compact() && openChat() !== undefined && app.chats() !== undefined && !app.chat(openChat()!.chatId);
  listenToShortcuts(app);
  const opened = createPart(
    () => import("./palette/opened_dialog.tsx"),
    () => app.openings.dialog() !== undefined,
  );
  // The dialog and its QR code are a part of their own: the sign-in screen does not load them.
  const [safety, setSafety] = createSignal<Safety>();
  createEffect(() => {
    if (app.comparing() === undefined || safety()) return;
    import("./members/safety_dialog.tsx").then(
      ({ SafetyDialog }) => setSafety(() => SafetyDialog),
      () => app.compare(undefined),
    );
  });
  return (
    <div class="shell" classList={{ "shell-compact": compact(), "shell-info": wide() && showsInfo() }}>
      <Show when={!compact()}>
        <Spine />
      </Show>
      <Show when={!compact()}>
        <ChatList compact={false} />
      </Show>
      <Show when={compact() && (route().kind === "chats" || lost())}>
        <main class="main-pane">
          <ChatList
            compact
            note={lost() ? text(openChat()?.at === undefined ? "chat.not-found" : "chat.link-elsewhere") : undefined}
          />
        </main>
      </Show>
      <Show when={!compact() || (route().kind !== "chats" && !lost())}>
        <main class="main-pane" id="main" tabindex="-1">
          <Switch
            fallback={
              <div class="nothing-open">
                <div class="empty">
                  <EmptyArt />
                  <p>{text("chats.pick")}</p>
                </div>
              </div>
            }
          >
            <Match when={route().kind === "new-chat"}>
              <NewChat compact={compact()} />
            </Match>
            <Match when={route().kind === "settings"}>
              <Settings compact={compact()} />
            </Match>
            <Match when={showsInfo() && !wide() ? chatId() : undefined} keyed>
              {(id) => <ChatInfo chatId={id} alone={compact()} />}
            </Match>
            <Match when={chatId()} keyed>{(id) => <ConversationView chatId={id} compact={compact()} />}</Match>
          </Switch>
        </main>
      </Show>
      <Show when={safety()} keyed>
        {(SafetyDialog) => (
          <Show when={app.comparing()} keyed>
            {(username) => <SafetyDialog username={username} onClose={() => app.compare(undefined)} />}
          </Show>
        )}
      </Show>
      <Show when={opened()} keyed>
        {({ OpenedDialogView }) => (
          <Show when={app.openings.dialog()} keyed>{(dialog) => <OpenedDialogView dialog={dialog} />}</Show>
        )}
      </Show>
      <Show when={wide() && showsInfo() ? chatId() : undefined} keyed>
        {(id) => (
          <aside class="side-pane">
            <ChatInfo chatId={id} />
          </aside>
        )}
      </Show>
    </div>
  );
}
