import { createEffect, createMemo, createSignal, createUniqueId, For, type JSX, on, Show } from "solid-js";
import { isComposing } from "../../dom/composing.ts";
import { fill } from "../../i18n/language.ts";
import { paletteWords } from "../../i18n/palette_words.ts";
import { useApp } from "../../state/app_context.ts";
import { pressed, shortcuts } from "../../state/shortcuts.ts";
import { createTask } from "../../state/task.ts";
import { Avatar, ChatAvatar } from "../common/avatar.tsx";
import { Dialog } from "../common/dialog.tsx";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { MarkedText } from "../search/marked_text.tsx";
import { KeyNames } from "./key_names.tsx";
import { type PaletteEntry, sectionsFor } from "./palette_entries.ts";

/**
 * A field that leads to every chat, person and command (ARIA: combobox with a list). The field keeps the focus; arrow
 * keys choose, Enter opens.
 */
export function Palette(props: { onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = paletteWords();
  const task = createTask();
  const listId = createUniqueId();
  const [typed, setTyped] = createSignal("");
  const [active, setActive] = createSignal(0);
  /** What a press leads to is fixed while nothing is typed: chats that move meanwhile change no row under the hand. */
  const sections = createMemo(on(typed, (text) => sectionsFor(app, text)));
  const entries = () => sections().flatMap(({ entries }) => entries);
  const optionId = (index: number) => `${listId}-${index}`;
  createEffect(on(typed, () => {
    setActive(0);
    task.clear();
  }));

  const close = () => task.running() || props.onClose();

  async function run(entry: PaletteEntry | undefined): Promise<void> {
    if (!entry || !await task.run(async () => await entry.run())) return;
    props.onClose();
  }

  function move(to: number): void {
    const count = entries().length;
    if (count === 0) return;
    setActive((to + count) % count);
    document.getElementById(optionId(active()))?.scrollIntoView({ block: "nearest" });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") move(active() + 1);
    else if (event.key === "ArrowUp") move(active() - 1);
    else if (event.key === "PageDown") move(Math.min(active() + 5, entries().length - 1));
    else if (event.key === "PageUp") move(Math.max(active() - 5, 0));
    else if (event.key === "Enter") void run(entries()[active()]?.candidate);
    else if (pressed(event, "palette")) close();
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={words.title} bare="palette" onCancel={close}>
      <div class="palette-in">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          data-first
          aria-label={words.field}
          placeholder={words.hint}
          aria-expanded={entries().length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={entries().length > 0 ? optionId(active()) : undefined}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxlength="256"
          enterkeyhint="go"
          value={typed()}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="button" class="icon-button" aria-label={words.close} title={words.close} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div id={listId} class="palette-list" role="listbox" aria-label={words.title}>
        <For each={sections()}>
          {(section, at) => {
            const before = () => sections().slice(0, at()).reduce((sum, { entries }) => sum + entries.length, 0);
            return (
              <div role="group" aria-label={section.name}>
                <div class="section-title" aria-hidden="true">{section.name}</div>
                <For each={section.entries}>
                  {({ candidate, ranges }, index) => (
                    <div
                      id={optionId(before() + index())}
                      class="palette-row"
                      role="option"
                      aria-selected={before() + index() === active()}
                      onMouseMove={() => setActive(before() + index())}
                      onMouseDown={(event) => event.preventDefault()}
                      onClick={() => void run(candidate)}
                    >
                      <EntryFace entry={candidate} />
                      <span class="palette-name" dir="auto">
                        <MarkedText text={candidate.name} ranges={ranges} />
                      </span>
                      <Show when={candidate.detail}>
                        {(detail) => <span class="palette-detail">{detail()}</span>}
                      </Show>
                      <Show when={candidate.shortcut}>
                        {(id) => <KeyNames keys={shortcuts[id()].keys[0]} />}
                      </Show>
                    </div>
                  )}
                </For>
              </div>
            );
          }}
        </For>
      </div>
      <p class="palette-note" role="status">
        <Show
          when={entries().length === 0}
          fallback={<span class="visually-hidden">{countText(entries().length)}</span>}
        >
          {words.none}
        </Show>
      </p>
      <ProblemNote problem={task.problem()} />
      <Show when={task.long()}>
        <ProgressLine active fallback="working" />
      </Show>
      <p class="palette-foot" aria-hidden="true">
        <span>
          <kbd class="kbd">↑</kbd> <kbd class="kbd">↓</kbd> {words.choose}
        </span>
        <span>
          <kbd class="kbd">↵</kbd> {words.open}
        </span>
        <span>
          <kbd class="kbd">&gt;</kbd> {words.commandsOnly}
        </span>
        <span>
          <kbd class="kbd">@</kbd> {words.peopleOnly}
        </span>
      </p>
    </Dialog>
  );
}

function countText(count: number): string {
  const { count: sentence } = paletteWords();
  return fill(count === 1 ? sentence.one : sentence.other, { count });
}

function EntryFace(props: { entry: PaletteEntry }): JSX.Element {
  return (
    <Show
      when={props.entry.chat}
      fallback={
        <Show when={props.entry.person} fallback={<Icon name={props.entry.icon ?? "search"} />}>
          {(person) => <Avatar name={person().username} of={person().accountKey} />}
        </Show>
      }
    >
      {(chat) => <ChatAvatar chat={chat()} />}
    </Show>
  );
}
