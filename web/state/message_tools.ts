/** What the user does with the messages of one conversation: answers, changes, votes, and the dialogs for them. */

import { createSignal } from "solid-js";
import type { ChatSummary, MessageInfo, MessageItem, MessageRef } from "../../client/api/engine_api.ts";
import { filesOf } from "../../client/api/chat_files.ts";
import { type ShownState, stateWith } from "../../client/api/receipts_api.ts";
import { text } from "../i18n/language.ts";
import type { App } from "./app.ts";
import type { Conversation } from "./conversation.ts";
import { usedEmoji } from "./emoji/emoji_choice.ts";
import { createMarks } from "./marks.ts";
import { createMediaLibrary, type MediaLibrary } from "./media/library.ts";
import { keyOf } from "./media/loader.ts";
import { createMediaWalk, type MediaWalk } from "./media/walk.ts";
import { hashOf } from "./routes.ts";
import { createStatus, type Status } from "./status.ts";
import { type ActionPlace, lastEditable, type MessageAction } from "./message_actions.ts";

/** What the composer is for, beside a new message. */
export interface ComposeTarget {
  kind: "reply" | "edit";
  item: MessageItem;
}

export interface MessageDialog {
  kind: "forward" | "info" | "delete-me" | "delete-everyone" | "end-poll" | "votes" | "reactions";
  messageId: string;
}

export interface MessageTools {
  place(): ActionPlace;
  /** This account. */
  own(): { username: string; accountKey: string };
  isMember(username: string): boolean;
  /** The name of a person of this chat as it is shown. */
  nameOf(username: string): string;
  /** The message with its latest content, where the page has it. */
  find(messageId: string): MessageItem | undefined;
  target(): ComposeTarget | undefined;
  setTarget(target: ComposeTarget | undefined): void;
  /** Begins to edit the newest own message. @returns whether there is one */
  editLast(): boolean;
  dialog(): MessageDialog | undefined;
  setDialog(dialog: MessageDialog | undefined): void;
  /** Does what needs no emoji. */
  run(action: Exclude<MessageAction, "react">, item: MessageItem): void;
  /** Gives the sign, or takes it back where it was given. */
  react(item: MessageItem, sign: string): void;
  vote(item: MessageItem, choices: number[]): void;
  /** Shows a message, which older pages may have, and marks it. */
  goTo(message: Partial<MessageRef>): void;
  /** messageId of the message that was gone to. */
  marked(): string | undefined;
  /** Says that a text was copied. */
  status: Status;
  /** How far a message is: of an own one, also how far the others are. */
  stateOf(item: MessageItem): ShownState;
  media: MediaLibrary;
  /** The picture or video that is looked at, among those of the chat. */
  viewer(): MediaWalk | undefined;
  openViewer(item: MessageItem, index: number): void;
  closeViewer(): void;
  /** Who has received and read an own message. */
  info(item: MessageItem): Promise<MessageInfo | undefined>;
}

/** How long the message that was gone to stays marked, in ms. */
const markedMs = 2_500;

/** @returns the name of a message for the engine */
export function refOf({ order, messageId }: MessageItem): MessageRef {
  return { order, messageId };
}

/** @returns the address of a message in this app: it opens where its chat is, and tells nothing elsewhere */
function addressOf(chatId: string, { order }: MessageItem): string {
  return `${location.origin}${location.pathname}${hashOf({ kind: "chat", chatId, info: false, at: order })}`;
}

/** @param chat the conversation's chat as it is now */
export function createMessageTools(app: App, chat: () => ChatSummary, conversation: Conversation): MessageTools {
  const [target, setTarget] = createSignal<ComposeTarget>();
  const [dialog, setDialog] = createSignal<MessageDialog>();
  const [marked, setMarked] = createSignal<string>();
  const marks = createMarks(app, chat().chatId);
  const [viewer, setViewer] = createSignal<MediaWalk>();
  const status = createStatus();
  let unmark: ReturnType<typeof setTimeout> | undefined;
  const messages = () => conversation.items().filter((item) => item.kind === "message");
  const { report } = app;

  function place(): ActionPlace {
    const { active, needsAcceptance, features } = chat();
    const open = active && !needsAcceptance;
    return { open, changes: features.includes("changes"), polls: features.includes("polls") };
  }

  function own(): { username: string; accountKey: string } {
    const account = app.account();
    return account?.kind === "signed-in" ? account : { username: "", accountKey: "" };
  }

  function copy(words: string): void {
    void navigator.clipboard.writeText(words).then(() => status.say(text("actions.copied")), report);
  }

  return {
    place,
    own,
    isMember: (username) => chat().members.some((member) => member.username === username),
    nameOf: (username) => app.people.nameIn(chat(), username),
    find: (messageId) => messages().find((item) => item.messageId === messageId),
    target,
    setTarget,
    editLast() {
      const item = lastEditable(messages(), place());
      if (item) setTarget({ kind: "edit", item });
      return item !== undefined;
    },
    dialog,
    setDialog,
    run(action, item) {
      if (action === "reply" || action === "edit") setTarget({ kind: action, item });
      else if (action === "copy") copy(item.text);
      else if (action === "link") copy(addressOf(chat().chatId, item));
      else setDialog({ kind: action, messageId: item.messageId });
    },
    react(item, sign) {
      const { accountKey } = own();
      const given = item.reactions?.some((given) => given.senderKey === accountKey && given.text === sign);
      if (!given) usedEmoji(sign);
      const done = given
        ? app.engine.takeBackReaction(chat().chatId, refOf(item), sign)
        : app.engine.react(chat().chatId, refOf(item), sign);
      void done.catch(report);
    },
    vote(item, choices) {
      void app.engine.vote(chat().chatId, refOf(item), choices).catch(report);
    },
    goTo(message) {
      void conversation.show(message).then((item) => {
        clearTimeout(unmark);
        setMarked(item?.messageId);
        unmark = setTimeout(() => setMarked(undefined), markedMs);
      }, report);
    },
    marked,
    status,
    stateOf: (item) => stateWith(item, marks()),
    media: createMediaLibrary(app.engine, chat, (id) => app.outgoing.transferOf(id)?.state !== "reading"),
    viewer,
    openViewer({ order, messageId }, index) {
      const files = conversation.items().flatMap((item) => filesOf(item, "media"));
      setViewer(createMediaWalk(app.engine, chat().chatId, files, keyOf({ message: { order, messageId }, index })));
    },
    closeViewer: () => void setViewer(undefined),
    info: (item) => app.engine.messageInfo(chat().chatId, refOf(item)),
  };
}
