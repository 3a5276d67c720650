import { createMemo, createSignal, type JSX, lazy, Show, Suspense } from "solid-js";
import type { ChatSummary, OutgoingFile } from "../../../../client/api/engine_api.ts";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import type { Conversation } from "../../../state/conversation.ts";
import { refOf } from "../../../state/message_tools.ts";
import type { ChosenFiles } from "../../../state/outgoing/chosen_file.ts";
import { createTray, readyFile } from "../../../state/outgoing/tray.ts";
import { voiceType } from "../../../state/outgoing/voice_recorder.ts";
import type { MenuEntry } from "../../common/menu.tsx";
import { Composer } from "../composer.tsx";
import { useMessageTools } from "../message_tools_context.ts";
import { AttachButton } from "./attach_button.tsx";
import { DropTarget } from "./drop_target.tsx";
import { type Chooser, FileInputs, hasCamera } from "./file_inputs.tsx";
import { FileTray } from "./file_tray.tsx";
import { LostNote } from "./lost_note.tsx";
import "../../../styles/outgoing.css";

const PollDialog = lazy(async () => ({ default: (await import("./poll_dialog.tsx")).PollDialog }));
const VoiceBar = lazy(async () => ({ default: (await import("./voice_bar.tsx")).VoiceBar }));

/** The field for writing with what belongs to it in a chat: answers, edits, and what can be attached. */
export function ComposeZone(props: { chat: ChatSummary; conversation: Conversation }): JSX.Element {
  const app = useApp();
  const tools = useMessageTools();
  const { chatId } = props.chat;
  const tray = app.outgoing.tray(chatId, createTray);
  const [makingPoll, makePoll] = createSignal(false);
  const [recording, record] = createSignal(false);
  let choose!: (chooser: Chooser) => void;
  const others = createMemo(() => props.chat.members.filter(({ self }) => !self).map(({ username }) => username));
  const takesFiles = () => props.chat.features.includes("attachments");
  const isEditing = () => tools.target()?.kind === "edit";
  const withFiles = () => tray.items().length > 0 && !isEditing();
  const canSpeak = takesFiles() && voiceType() !== undefined;

  function entries(): MenuEntry[] {
    const files: MenuEntry[] = [
      { name: text("outgoing.photo"), icon: "photo", run: () => choose("photo") },
      { name: text("outgoing.file"), icon: "document", run: () => choose("file") },
      ...(hasCamera() ? [{ name: text("outgoing.camera"), icon: "camera", run: () => choose("camera") } as const] : []),
    ];
    const poll: MenuEntry = { name: text("compose.poll"), icon: "poll", run: () => makePoll(true) };
    return [...(takesFiles() ? files : []), ...(tools.place().polls ? [poll] : [])];
  }

  function add(files: File[], folders = false): void {
    if (!takesFiles()) return tray.refuse({ kind: "feature" });
    // What is edited keeps its files.
    if (isEditing()) tools.setTarget(undefined);
    tray.add(files);
    if (folders) tray.refuse({ kind: "folder" });
  }

  function send(words: string, files?: ChosenFiles): Promise<boolean> {
    const { kind, item } = tools.target() ?? {};
    return props.conversation.send(words, kind === "reply" ? item : undefined, files);
  }

  function sendVoice(file: OutgoingFile): void {
    void send("", { files: [readyFile(file)], original: false });
    tools.setTarget(undefined);
  }

  async function edit(words: string): Promise<void> {
    const item = tools.target()?.item;
    if (!item) return;
    try {
      await app.engine.editMessage(chatId, refOf(item), words);
    } catch (error) {
      app.report(error);
    }
  }

  return (
    <>
      <LostNote chatId={chatId} conversation={props.conversation} />
      <DropTarget onFiles={add} />
      <FileInputs ref={(open) => (choose = open)} onFiles={add} />
      <Show
        when={!recording()}
        fallback={
          <div class="composer-zone">
            <Suspense>
              <VoiceBar onSend={sendVoice} onKeep={tray.addReady} onClose={() => record(false)} />
            </Suspense>
          </div>
        }
      >
        <Composer
          chatId={chatId}
          target={tools.target()}
          members={others()}
          nameOf={(username) => props.chat.members.find((member) => member.username === username)?.displayName}
          onTarget={tools.setTarget}
          onSend={(words) => send(words, withFiles() ? tray.take() : undefined)}
          onEdit={edit}
          onEditLast={tools.editLast}
          withFiles={withFiles()}
          onVoice={canSpeak ? () => record(true) : undefined}
          above={
            <Show when={!isEditing()}>
              <FileTray tray={tray} onAdd={() => choose("file")} />
            </Show>
          }
          before={
            <AttachButton
              entries={entries()}
              onOpen={() => tray.refuse(takesFiles() ? undefined : { kind: "feature" })}
            />
          }
        />
      </Show>
      <Suspense>
        <Show when={makingPoll()}>
          <PollDialog chatId={chatId} onClose={() => makePoll(false)} />
        </Show>
      </Suspense>
    </>
  );
}
