import { createEffect, createSignal, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { maxTextBytes } from "../../../client/api/engine_api.ts";
import { isVisible } from "../../../client/content/visible_text.ts";
import { isComposing } from "../../dom/composing.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { type Insertion, judgeInsertion, maxFieldLines } from "../../state/inserted_text.ts";
import { Icon } from "../common/icons.tsx";

const mostRows = 7;
/** Shorter insertions, such as typed letters, need no judgement. */
const shortLength = 50;
const encoder = new TextEncoder();

function wordsOf(refusal: Insertion): string {
  const inThousands = (bytes: number) => Math.ceil(bytes / 1024);
  return refusal.kind === "too-many-lines"
    ? text("chat.too-many-lines", { lines: refusal.lines, most: maxFieldLines })
    : refusal.kind === "too-long"
    ? text("chat.insert-too-long", { size: inThousands(refusal.bytes), most: inThousands(maxTextBytes) })
    : "";
}

/**
 * The field for writing: Enter sends, Shift+Enter starts a new line, and a draft is kept for the next visit.
 */
export function Composer(props: { chatId: string; onSend: (text: string) => Promise<boolean> }): JSX.Element {
  const app = useApp();
  const chatId = props.chatId;
  const draft = () => app.drafts.of(chatId);
  const over = () => Math.max(0, encoder.encode(draft()).length - maxTextBytes);
  const ready = () => isVisible(draft()) && over() === 0;
  const [refused, setRefused] = createSignal<Insertion>();
  let field!: HTMLTextAreaElement;

  /** Where the browser can not size the field to its content, the number of rows does. */
  function fit(): void {
    if (CSS.supports("field-sizing", "content")) return;
    field.rows = 1;
    const line = Number.parseFloat(getComputedStyle(field).lineHeight);
    field.rows = Math.max(1, Math.min(mostRows, Math.round((field.scrollHeight - 16) / line)));
  }

  /** Refuses what would stop the page, and puts many lines in at once. */
  function beforeInput(event: InputEvent): void {
    const added = event.data ?? event.dataTransfer?.getData("text/plain");
    if (added === undefined || added.length < shortLength) return;
    const { selectionStart: start, selectionEnd: end, value } = field;
    const isPaste = /^insertFrom(Paste|Drop)/.test(event.inputType);
    const insertion = judgeInsertion(value.slice(0, start) + value.slice(end), added, isPaste);
    if (insertion.kind === "by-browser") return;
    event.preventDefault();
    if (insertion.kind !== "at-once") return void setRefused(insertion);
    field.setRangeText(added, start, end, "end");
    typed();
  }

  function typed(): void {
    setRefused(undefined);
    app.drafts.typed(chatId, field.value);
    if (draft() !== "") void app.engine.typing(chatId).catch(() => {});
  }

  function send(): void {
    if (!ready()) return;
    app.drafts.sending(chatId, props.onSend(draft().trim()));
    field.focus();
  }

  // It may come from the engine or another tab.
  createEffect(on(draft, fit));
  onMount(() => {
    // On a touch screen the keyboard would cover the conversation that was just opened.
    if (matchMedia("(pointer: fine)").matches) field.focus();
  });
  onCleanup(() => void app.drafts.flush());

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-field">
        <textarea
          ref={field}
          class="composer-input"
          rows="1"
          dir="auto"
          aria-label={text("chat.field")}
          placeholder={text("chat.field-hint")}
          enterkeyhint="send"
          value={draft()}
          onBeforeInput={beforeInput}
          onInput={typed}
          onKeyDown={(event) => {
            // Enter that ends an input method's composition does not send.
            if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
            event.preventDefault();
            send();
          }}
        />
        <Show when={refused()}>
          {(refusal) => <p class="hint hint-wrong" role="alert">{wordsOf(refusal())}</p>}
        </Show>
        <Show when={over() > 0}>
          <p class="hint hint-wrong" role="alert">{text("chat.too-long", { over: over() })}</p>
        </Show>
      </div>
      <button
        type="submit"
        class="send-button"
        aria-label={text("chat.send")}
        title={text("chat.send")}
        disabled={!ready()}
        onMouseDown={(event) => event.preventDefault()}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
