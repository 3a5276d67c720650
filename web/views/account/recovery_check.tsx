import { createSignal, For, type JSX, onMount, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { isSameGroup } from "../../state/recovery_groups.ts";
import { Icon } from "../common/icons.tsx";

/** The groups that are asked for: neither the first nor the last, which one reads most carefully. */
const asked = [2, 5] as const;

/** Asks for two groups of the recovery code as they were noted, and says whether they are right. */
export function RecoveryCheck(
  props: { code: string; done: string; onDone: () => void; onBack: () => void },
): JSX.Element {
  const groups = () => props.code.split("-");
  const [typed, setTyped] = createSignal<readonly string[]>(["", ""]);
  const state = (place: number) => {
    const text = typed()[place].replace(/[\s-]/g, "");
    if (text.length < groups()[asked[place]].length) return "open";
    return isSameGroup(text, groups()[asked[place]]) ? "right" : "wrong";
  };
  const right = () => asked.every((_, place) => state(place) === "right");
  const wrong = () => asked.findIndex((_, place) => state(place) === "wrong");
  let first!: HTMLInputElement;
  onMount(() => first.focus());
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (right()) props.onDone();
      }}
    >
      <p>{text("recovery.check-why", { first: asked[0] + 1, second: asked[1] + 1 })}</p>
      <div class="pair">
        <For each={asked}>
          {(group, place) => (
            <div class="field">
              <label for={`recovery-group-${group}`}>{text("recovery.check-group", { number: group + 1 })}</label>
              <input
                ref={(field) => place() === 0 && (first = field)}
                id={`recovery-group-${group}`}
                type="text"
                class="input input-code"
                autocomplete="off"
                autocapitalize="characters"
                autocorrect="off"
                spellcheck={false}
                maxlength="8"
                aria-invalid={state(place()) === "wrong"}
                aria-describedby="recovery-check-state"
                onInput={(event) => setTyped(typed().with(place(), event.currentTarget.value))}
              />
            </div>
          )}
        </For>
      </div>
      <p
        id="recovery-check-state"
        class="hint"
        classList={{ "hint-wrong": wrong() >= 0, "hint-right": right() }}
        role="status"
      >
        <Show when={right()}>
          <Icon name="sent" size="s" />
          {text("recovery.check-right")}
        </Show>
        <Show when={wrong() >= 0}>{text("recovery.check-wrong", { number: asked[wrong()] + 1 })}</Show>
      </p>
      <div class="dialog-actions">
        <button type="button" class="button button-quiet" onClick={() => props.onBack()}>
          {text("recovery.check-back")}
        </button>
        <button type="submit" class="button button-primary" disabled={!right()}>{props.done}</button>
      </div>
    </form>
  );
}
