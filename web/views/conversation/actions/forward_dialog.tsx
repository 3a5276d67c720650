import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import type { ChatSummary, MessageItem } from "../../../../client/api/engine_api.ts";
import { plural, text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { randomMessageId } from "../../../state/message_id.ts";
import { refOf } from "../../../state/message_tools.ts";
import { createTask } from "../../../state/task.ts";
import { Dialog } from "../../common/dialog.tsx";
import { ProblemNote } from "../../common/problem_note.tsx";
import { ProgressLine } from "../../common/progress_line.tsx";

/** Chooses the chats that a message is sent to. A second try sends nothing twice. */
export function ForwardDialog(props: { chatId: string; item: MessageItem; onClose: () => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [query, setQuery] = createSignal("");
  const [picked, setPicked] = createSignal<ReadonlySet<string>>(new Set());
  /** The id that the message has in each chat, also when it is tried again. */
  const ids = new Map<string, string>();
  const isOpen = ({ active, needsAcceptance, invitation }: ChatSummary) => active && !needsAcceptance && !invitation;
  const open = createMemo(() => (app.chats() ?? []).filter(isOpen));
  const found = createMemo(() => {
    const words = query().trim().toLowerCase();
    const names = (chat: ChatSummary) => `${chat.title} ${app.people.title(chat)}`.toLowerCase();
    return open().filter((chat) => picked().has(chat.chatId) || names(chat).includes(words));
  });
  const cancel = () => task.running() || props.onClose();

  function toggle(chatId: string): void {
    const chosen = new Set(picked());
    if (!chosen.delete(chatId)) chosen.add(chatId);
    setPicked(chosen);
  }

  async function forward(): Promise<void> {
    const to = [...picked()].map((chatId) => {
      const messageId = ids.get(chatId) ?? randomMessageId();
      ids.set(chatId, messageId);
      return { chatId, messageId };
    });
    if (await task.run(() => app.engine.forward(props.chatId, refOf(props.item), to))) props.onClose();
  }

  return (
    <Dialog title={text("forward.title")} onCancel={cancel}>
      <Show when={open().length > 0} fallback={<p>{text("forward.none")}</p>}>
        <input
          type="search"
          class="input"
          data-first
          aria-label={text("forward.search")}
          placeholder={text("forward.search")}
          value={query()}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <ul class="choice-list">
          <For each={found()}>
            {(chat) => (
              <li>
                <label class="choice-row">
                  <input type="checkbox" checked={picked().has(chat.chatId)} onChange={() => toggle(chat.chatId)} />
                  <span dir="auto">{app.people.title(chat)}</span>
                </label>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p class="hint" role="status">{picked().size > 0 ? plural("forward.picked", picked().size) : ""}</p>
      <ProblemNote problem={task.problem()} />
      <ProgressLine active={task.long()} fallback="working" />
      <div class="dialog-actions">
        <button type="button" class="button" disabled={task.running()} onClick={cancel}>
          {text("confirm.cancel")}
        </button>
        <button
          type="button"
          class="button button-primary"
          disabled={task.running() || picked().size === 0}
          onClick={() => void forward()}
        >
          {text("forward.send")}
        </button>
      </div>
    </Dialog>
  );
}
