import { createEffect, createSignal, createUniqueId, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { maxTextBytes } from "../../../client/api/engine_api.ts";
import { isVisible } from "../../../client/content/visible_text.ts";
import { isComposing } from "../../dom/composing.ts";
import { beforeNextFrame } from "../../dom/next_frame.ts";
import { language, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { type Insertion, judgeInsertion, maxFieldLines } from "../../state/inserted_text.ts";
import { completed, type Completion, completionAt } from "../../state/mention_completion.ts";
import type { ComposeTarget } from "../../state/message_tools.ts";
import { pressed } from "../../state/shortcuts.ts";
import { Icon } from "../common/icons.tsx";
import { ComposeBar } from "./compose/compose_bar.tsx";
import { EmojiButton } from "./compose/emoji_button.tsx";
import { MentionList, mentionOptionId } from "./compose/mention_list.tsx";

const mostRows = 7;
/** Shorter insertions, such as typed letters, need no judgement. */
const shortLength = 50;
const encoder = new TextEncoder();

/** The limit counts bytes of UTF-8, in which an emoji has up to 35: no number of characters would be right. */
function sizesOf(over: number): { size: string; most: number } {
  const tenths = Math.ceil((maxTextBytes + over) / 102.4) / 10;
  return { size: new Intl.NumberFormat(language).format(tenths), most: maxTextBytes / 1024 };
}

function wordsOf(refusal: Insertion): string {
  const inThousands = (bytes: number) => Math.ceil(bytes / 1024);
  return refusal.kind === "too-many-lines"
    ? text("chat.too-many-lines", { lines: refusal.lines, most: maxFieldLines })
    : refusal.kind === "too-long"
    ? text("chat.insert-too-long", { size: inThousands(refusal.bytes), most: inThousands(maxTextBytes) })
    : "";
}

/**
 * The field for writing: Enter sends, Shift+Enter starts a new line, and a draft is kept for the next visit. While a
 * message is edited the field has its text, and the draft waits.
 *
 * @param props.target the message that is answered or edited
 * @param props.onTarget undefined: it is over
 * @param props.onEditLast ArrowUp in the empty field
 * @param props.members usernames that `@` is completed with
 * @param props.above what lies over the field
 * @param props.withFiles files go with the message: the text may be empty
 * @param props.onVoice begins a voice message: its button has the place of "Send" while nothing is written
 * @param props.before buttons before the field
 * @param props.after buttons between the field and "Send"
 */
export function Composer(
  props: {
    chatId: string;
    target: ComposeTarget | undefined;
    members: readonly string[];
    /** @returns the name that a member has chosen */
    nameOf: (username: string) => string | undefined;
    onTarget: (target: ComposeTarget | undefined) => void;
    onSend: (text: string) => Promise<boolean>;
    onEdit: (text: string) => Promise<unknown>;
    onEditLast: () => boolean;
    above?: JSX.Element;
    withFiles?: boolean;
    onVoice?: (() => void) | undefined;
    before?: JSX.Element;
    after?: JSX.Element;
  },
): JSX.Element {
  const app = useApp();
  const chatId = props.chatId;
  const [changed, setChanged] = createSignal("");
  const isEditing = () => props.target?.kind === "edit";
  const content = () => (isEditing() ? changed() : app.drafts.of(chatId));
  const over = () => Math.max(0, encoder.encode(content()).length - maxTextBytes);
  const isBare = () => !isEditing() && content().trim() === "";
  const ready = () => over() === 0 && (isVisible(content()) || (props.withFiles === true && isBare()));
  const [refused, setRefused] = createSignal<Insertion>();
  const [completion, setCompletion] = createSignal<Completion>();
  const [active, setActive] = createSignal(0);
  const listId = createUniqueId();
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
    complete();
    if (isEditing()) return void setChanged(field.value);
    app.drafts.typed(chatId, field.value);
    if (content() !== "") void app.engine.typing(chatId).catch(() => {});
  }

  /** Looks whether a name is being written at the caret. */
  function complete(): void {
    const { selectionStart: caret, selectionEnd: end, value } = field;
    setCompletion(caret === end ? completionAt(value, caret, props.members, props.nameOf) : undefined);
    setActive(0);
  }

  function pickName(username: string): void {
    const done = completed(field.value, field.selectionStart, completion()!, username);
    field.value = done.text;
    field.setSelectionRange(done.caret, done.caret);
    typed();
    setCompletion(undefined);
  }

  function insert(sign: string): void {
    field.focus();
    field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end");
    typed();
  }

  function send(): void {
    if (!ready()) return;
    const words = content().trim();
    setCompletion(undefined);
    if (isEditing()) void props.onEdit(words);
    else app.drafts.sending(chatId, props.onSend(words));
    props.onTarget(undefined);
    field.focus();
  }

  /** @returns whether the key belonged to the list of names */
  function keyInList(key: string): boolean {
    const names = completion()?.usernames;
    if (!names) return false;
    if (key === "ArrowDown") setActive((active() + 1) % names.length);
    else if (key === "ArrowUp") setActive((active() + names.length - 1) % names.length);
    else if (key === "Enter" || key === "Tab") pickName(names[active()]);
    else if (key === "Escape") setCompletion(undefined);
    else return false;
    return true;
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Enter that ends an input method's composition does not send.
    if (isComposing(event)) return;
    if (keyInList(event.key)) event.stopPropagation();
    else if (pressed(event, "cancel") && props.target) props.onTarget(undefined);
    else if (pressed(event, "edit-last") && content() === "" && props.onEditLast()) { /* The field gets the text. */ }
    else if (pressed(event, "new-line")) return;
    else if (pressed(event, "send")) send();
    else return;
    event.preventDefault();
  }

  // It may come from the engine or another tab.
  createEffect(on(content, fit));
  createEffect(on(() => props.target, (target) => {
    if (target?.kind === "edit") setChanged(target.item.text);
    if (target) field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }, { defer: true }));
  onMount(() => {
    // On a touch screen the keyboard would cover the conversation that was just opened.
    // With the next frame: here it would have everything laid out once more.
    if (matchMedia("(pointer: fine)").matches) onCleanup(beforeNextFrame(() => field.focus()));
  });
  onCleanup(() => void app.drafts.flush());

  return (
    <div class="composer-place">
      <Show when={completion()}>
        {(found) => (
          <MentionList
            id={listId}
            usernames={found().usernames}
            nameOf={props.nameOf}
            active={active()}
            onPick={pickName}
          />
        )}
      </Show>
      <div class="composer-zone">
        <form
          class="composer"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Show when={props.target}>
            {(target) => <ComposeBar target={target()} onCancel={() => props.onTarget(undefined)} />}
          </Show>
          {props.above}
          <div class="composer-row">
            {props.before}
            <div class="composer-field">
              <textarea
                ref={field}
                class="composer-input"
                rows="1"
                dir="auto"
                aria-label={text("chat.field")}
                aria-autocomplete="list"
                aria-controls={completion() ? listId : undefined}
                aria-activedescendant={completion() ? mentionOptionId(listId, active()) : undefined}
                placeholder={text("chat.field-hint")}
                enterkeyhint="send"
                value={content()}
                onBeforeInput={beforeInput}
                onInput={typed}
                onClick={complete}
                onBlur={() => setCompletion(undefined)}
                onKeyDown={onKeyDown}
              />
              <Show when={refused()}>
                {(refusal) => <p class="hint hint-wrong" role="alert">{wordsOf(refusal())}</p>}
              </Show>
              <Show when={over() > 0}>
                <p class="hint hint-wrong" role="alert">{text("chat.too-long", sizesOf(over()))}</p>
              </Show>
            </div>
            <EmojiButton onPick={insert} />
            {props.after}
            <Show
              when={!isBare() || props.withFiles || !props.onVoice}
              fallback={
                <button
                  type="button"
                  class="icon-button"
                  aria-label={text("outgoing.voice")}
                  title={text("outgoing.voice")}
                  onClick={() => props.onVoice?.()}
                >
                  <Icon name="microphone" />
                </button>
              }
            >
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
            </Show>
          </div>
        </form>
      </div>
    </div>
  );
}
