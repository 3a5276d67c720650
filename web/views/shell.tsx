import { createEffect, createSignal, type JSX, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import { isComposing } from "../dom/composing.ts";
import { text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { ChatInfo } from "./members/chat_info.tsx";
import { ChatList } from "./chats/chat_list.tsx";
import { ConversationView } from "./conversation/conversation_view.tsx";
import { Mark } from "./common/icons.tsx";
import { compactQuery, createMedia } from "./common/media.ts";
import { NewChat } from "./chats/new_chat.tsx";
import { Settings } from "./settings/settings.tsx";

type Safety = typeof import("./members/safety_dialog.tsx").SafetyDialog;

/** The signed-in screen: the list and the chosen view, side by side, or one at a time on a phone. */
export function Shell(): JSX.Element {
  const app = useApp();
  const compact = createMedia(compactQuery);
  const wide = createMedia("(min-width: 1160px)");
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
  /**
   * Escape closes the view that covers the conversation, wherever the focus is. A dialog or an edited field
   * handles Escape itself and stops it.
   */
  function onKeyDown(event: KeyboardEvent): void {
    if (
      event.key !== "Escape" || isComposing(event) || event.defaultPrevented || event.cancelBubble ||
      document.querySelector("dialog[open]")
    ) return;
    const id = chatId();
    if (showsInfo() && id !== undefined) app.navigation.up({ kind: "chat", chatId: id, info: false });
    else if (route().kind === "settings" || route().kind === "new-chat") app.navigation.up({ kind: "chats" });
  }
  // The dialog and its QR code are a part of their own: the sign-in screen does not load them.
  const [safety, setSafety] = createSignal<Safety>();
  createEffect(() => {
    if (app.comparing() === undefined || safety()) return;
    import("./members/safety_dialog.tsx").then(
      ({ SafetyDialog }) => setSafety(() => SafetyDialog),
      () => app.compare(undefined),
    );
  });
  onMount(() => document.addEventListener("keydown", onKeyDown));
  onCleanup(() => document.removeEventListener("keydown", onKeyDown));
  return (
    <div class="shell" classList={{ "shell-compact": compact(), "shell-info": wide() && showsInfo() }}>
      <Show when={!compact() || route().kind === "chats" || lost()}>
        <ChatList note={lost() ? text("chat.not-found") : undefined} />
      </Show>
      <Show when={!compact() || (route().kind !== "chats" && !lost())}>
        <main class="main-pane" id="main" tabindex="-1">
          <Switch
            fallback={
              <div class="nothing-open">
                <Mark />
                <p>{text("chats.pick")}</p>
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
