import { createSignal, type JSX, Show } from "solid-js";
import { type ChatChange, type ChatSummary, isMuted, type MuteFor } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import type { Box } from "../../state/placement.ts";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { Menu, type MenuEntry } from "../common/menu.tsx";

const muteChoices: readonly MuteFor[] = ["hour", "8-hours", "week", "always"];

/**
 * What the user can decide about a chat of the list.
 *
 * @param props.anchor what opened it
 * @param props.onClose the menu and what it asked are done
 */
export function ChatMenu(props: { chat: ChatSummary; anchor: Box; onClose: () => void }): JSX.Element {
  const app = useApp();
  const [step, setStep] = createSignal<"menu" | "mute" | "delete">("menu");
  const { chatId } = props.chat;
  const change = (news: ChatChange) => void app.engine.changeChat(chatId, news).catch(app.report);
  const move = (before: string | undefined) => void app.engine.movePinned(chatId, before).catch(app.report);

  /** A choice that leads on keeps this part; every other ends it. */
  const done = (run: () => void): () => void => () => {
    run();
    props.onClose();
  };

  function pinEntries(): MenuEntry[] {
    const pinned = (app.chats() ?? []).filter((chat) => chat.pinned !== undefined && !chat.archived);
    const at = pinned.findIndex((chat) => chat.chatId === chatId);
    if (at < 0) return [{ name: text("list.pin"), icon: "pin", run: done(() => change({ pinned: true })) }];
    const up = { name: text("list.up"), icon: "up", run: done(() => move(pinned[at - 1].chatId)) } as const;
    const down = { name: text("list.down"), icon: "down", run: done(() => move(pinned.at(at + 2)?.chatId)) } as const;
    return [
      { name: text("list.unpin"), icon: "unpin", run: done(() => change({ pinned: false })) },
      ...(at > 0 ? [up] : []),
      ...(at < pinned.length - 1 ? [down] : []),
    ];
  }

  function entries(): MenuEntry[] {
    const { chat } = props;
    const muted = isMuted(chat, Date.now());
    const unread = chat.unread > 0 || chat.markedUnread === true;
    return [
      ...pinEntries(),
      {
        name: text(chat.archived ? "list.unarchive" : "list.archive"),
        icon: "archive",
        run: done(() => change({ archived: !chat.archived })),
      },
      muted
        ? { name: text("list.unmute"), icon: "bell", run: done(() => change({ muted: "off" })) }
        : { name: text("list.mute"), icon: "muted", run: () => void setStep("mute") },
      ...(unread ? [] : [{
        name: text("list.mark-unread"),
        icon: "chats" as const,
        run: done(() => change({ markedUnread: true })),
      }]),
      ...(chat.invitation && chat.active ? [] : [{
        name: text("list.delete"),
        icon: "trash" as const,
        danger: true,
        run: () => void setStep("delete"),
      }]),
    ];
  }

  const muteEntries = () =>
    muteChoices.map((muted): MenuEntry => ({
      name: text(`list.mute-${muted}`),
      icon: "muted",
      run: done(() => change({ muted })),
    }));

  /** Closed before its entry runs: what the entry leads to is shown then. */
  const closed = () => queueMicrotask(() => step() === "menu" && props.onClose());

  return (
    <>
      <Show when={step() === "menu"}>
        <Menu label={text("list.actions")} anchor={props.anchor} entries={entries()} onClose={closed} />
      </Show>
      <Show when={step() === "mute"}>
        <Menu label={text("list.mute")} anchor={props.anchor} entries={muteEntries()} onClose={props.onClose} />
      </Show>
      <Show when={step() === "delete"}>
        <ConfirmDialog
          title={text("list.delete-title", { title: app.people.title(props.chat) })}
          body={text(props.chat.active ? "list.delete-body" : "list.delete-ended")}
          confirm={text("list.delete-yes")}
          waiting="working"
          onConfirm={async () => {
            await app.engine.deleteChat(chatId);
            const route = app.navigation.route();
            if (route.kind === "chat" && route.chatId === chatId) app.navigation.up({ kind: "chats" });
          }}
          onClose={props.onClose}
        />
      </Show>
    </>
  );
}
