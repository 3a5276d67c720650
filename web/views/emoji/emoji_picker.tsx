import { createMemo, createResource, createSignal, For, type JSX, onMount, Show } from "solid-js";
import { language, text, textOf } from "../../i18n/language.ts";
import { chooseEmojiTone, emojiTone, recentEmoji, usedEmoji } from "../../state/emoji/emoji_choice.ts";
import { loadEmoji } from "../../state/emoji/emoji_data.ts";
import { type Emoji, type EmojiGroup, emojiGroups, findEmoji, withTone } from "../../state/emoji/emoji_list.ts";

/** Of more the query finds too much. */
const mostFound = 120;
const toneSign = ["✋", "✋🏻", "✋🏼", "✋🏽", "✋🏾", "✋🏿"];
type Group = "recent" | EmojiGroup;
const signOf: Record<Group, string> = {
  recent: "🕘",
  smileys: "😀",
  people: "👋",
  animals: "🐻",
  food: "🍎",
  travel: "🚗",
  activities: "⚽",
  objects: "💡",
  symbols: "🔣",
  flags: "🏁",
};

/** All emoji in groups, with a search and tones of skin. Arrow keys move in the grid. */
export function EmojiPicker(props: { onPick: (sign: string) => void }): JSX.Element {
  const [list] = createResource(() => loadEmoji(language));
  const recents = recentEmoji();
  const [group, setGroup] = createSignal<Group>(recents.length > 0 ? "recent" : "smileys");
  const [query, setQuery] = createSignal("");
  const [tone, setTone] = createSignal(emojiTone());
  const [choosingTone, chooseTone] = createSignal(false);
  let field!: HTMLInputElement;
  let grid: HTMLDivElement | undefined;
  const groups = () => (recents.length > 0 ? ["recent" as const, ...emojiGroups] : emojiGroups);
  // A list that failed to load has no value that can be read.
  const all = () => (list.error ? [] : list() ?? []);
  const named = createMemo(() => new Map(all().flatMap((emoji) => signsOf(emoji).map((sign) => [sign, emoji.label]))));
  const shown = createMemo((): { sign: string; label: string }[] => {
    const withLabel = (emoji: Emoji) => ({ sign: withTone(emoji, tone()), label: emoji.label });
    if (query().trim() !== "") return findEmoji(all(), query(), mostFound).map(withLabel);
    const chosen = group();
    return chosen === "recent"
      ? recents.map((sign) => ({ sign, label: named().get(sign) ?? sign }))
      : all().filter((emoji) => emoji.group === chosen).map(withLabel);
  });
  onMount(() => field.focus());

  function pick(sign: string): void {
    usedEmoji(sign);
    props.onPick(sign);
  }

  function move(event: KeyboardEvent): void {
    const buttons = [...grid!.querySelectorAll<HTMLElement>("button")];
    const target = buttons[gridTarget(event.key, buttons.indexOf(event.target as HTMLElement), buttons)];
    if (target) target.focus();
    else if (event.key === "ArrowUp") field.focus();
    else return;
    event.preventDefault();
  }

  return (
    <div class="picker">
      <div class="picker-top">
        <input
          ref={field}
          type="search"
          class="input picker-search"
          aria-label={text("emoji.search")}
          placeholder={text("emoji.search")}
          autocomplete="off"
          value={query()}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") grid?.querySelector("button")?.focus();
            else if (event.key === "Enter" && shown()[0]) pick(shown()[0].sign);
            else return;
            event.preventDefault();
          }}
        />
        <button
          type="button"
          class="emo"
          aria-label={text("emoji.tone")}
          title={text("emoji.tone")}
          aria-expanded={choosingTone()}
          onClick={() => chooseTone(!choosingTone())}
        >
          {toneSign[tone()]}
        </button>
      </div>
      <Show when={choosingTone()}>
        <div class="picker-tones" role="group" aria-label={text("emoji.tone")}>
          <For each={toneSign}>
            {(sign, index) => (
              <button
                type="button"
                class="emo"
                aria-label={textOf(`emoji.tone-${index()}`, {})}
                aria-pressed={tone() === index()}
                onClick={() => {
                  setTone(index());
                  chooseEmojiTone(index());
                  chooseTone(false);
                }}
              >
                {sign}
              </button>
            )}
          </For>
        </div>
      </Show>
      <Show when={!list.loading} fallback={<p class="picker-note" role="status">{text("emoji.loading")}</p>}>
        <Show when={!list.error} fallback={<p class="picker-note" role="alert">{text("emoji.failed")}</p>}>
          <div ref={grid} class="picker-grid" role="group" aria-label={text("emoji.title")} onKeyDown={move}>
            <For each={shown()}>
              {({ sign, label }, index) => (
                <button
                  type="button"
                  class="emo"
                  aria-label={label}
                  title={label}
                  tabindex={index() === 0 ? 0 : -1}
                  onClick={() => pick(sign)}
                >
                  {sign}
                </button>
              )}
            </For>
          </div>
          <Show when={query().trim() !== "" && shown().length === 0}>
            <p class="picker-note" role="status">{text("emoji.none", { text: query().trim() })}</p>
          </Show>
        </Show>
      </Show>
      <div class="picker-tabs" role="group" aria-label={text("emoji.groups")}>
        <For each={groups()}>
          {(name) => (
            <button
              type="button"
              class="emo picker-tab"
              aria-label={text(`emoji.${name}`)}
              title={text(`emoji.${name}`)}
              aria-pressed={group() === name && query().trim() === ""}
              onClick={() => {
                setGroup(name);
                setQuery("");
                grid?.scrollTo({ top: 0 });
              }}
            >
              {signOf[name]}
            </button>
          )}
        </For>
      </div>
    </div>
  );
}

function signsOf({ sign, tones }: Emoji): string[] {
  return [sign, ...tones];
}

/** @returns the index that a key leads to; -1 for one that leads out of the grid, or nowhere */
function gridTarget(key: string, from: number, buttons: HTMLElement[]): number {
  if (from < 0) return -1;
  const columns = buttons.findIndex(({ offsetTop }) => offsetTop > buttons[0].offsetTop);
  const perRow = columns < 0 ? buttons.length : columns;
  const isRightToLeft = getComputedStyle(buttons[0]).direction === "rtl";
  const steps: Record<string, number> = {
    ArrowRight: isRightToLeft ? -1 : 1,
    ArrowLeft: isRightToLeft ? 1 : -1,
    ArrowDown: perRow,
    ArrowUp: -perRow,
    Home: -from,
    End: buttons.length - 1 - from,
  };
  return Object.hasOwn(steps, key) ? from + steps[key] : -1;
}
