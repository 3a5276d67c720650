import { createMemo, createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import { isComposing } from "../../dom/composing.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createPeopleSearch, namesIn } from "../../state/people_search.ts";
import { Avatar } from "../common/avatar.tsx";
import { Icon } from "../common/icons.tsx";

/**
 * Finds people and picks several, who are shown as chips. Arrow keys choose, Enter picks, Backspace in the
 * empty field removes the last one, and a pasted list picks all of its names.
 */
export function PeoplePicker(
  props: { picked: string[]; onPick: (usernames: string[]) => void; excluded?: string[] },
): JSX.Element {
  const app = useApp();
  const search = createPeopleSearch(
    app,
    (username) => props.picked.includes(username) || (props.excluded ?? []).includes(username),
  );
  const [active, setActive] = createSignal(0);
  const isSelf = () => {
    const account = app.account();
    return account?.kind === "signed-in" && account.username === search.text().trim().toLowerCase();
  };
  /** Of people in a chat with this account. */
  const keys = createMemo(() =>
    new Map((app.chats() ?? []).flatMap(({ members }) => members.map((one) => [one.username, one.accountKey])))
  );
  const keyOf = (username: string) => keys().get(username);
  const nameOf = (username: string) => app.people.name(keyOf(username), username);
  const displayName = (username: string) => app.people.face(keyOf(username)).displayName;
  const listId = createUniqueId();
  const optionId = (index: number) => `${listId}-${index}`;
  let field!: HTMLInputElement;

  function pick(username: string): void {
    props.onPick([...props.picked, username]);
    search.setText("");
    setActive(0);
    field.focus();
  }

  /** @returns whether the text was a list of several names */
  function pickList(text: string): boolean {
    const names = namesIn(text);
    if (names.length < 2) return false;
    const known = new Set([...props.picked, ...(props.excluded ?? [])]);
    props.onPick([...props.picked, ...names.filter((name) => !known.has(name))]);
    search.setText("");
    return true;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const found = search.found() ?? [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setActive((
        index,
      ) => (found.length === 0 ? 0 : (index + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length));
    } else if (event.key === "Enter" && found[active()]) {
      event.preventDefault();
      pick(found[active()]);
    } else if (event.key === "Backspace" && search.text() === "" && props.picked.length > 0) {
      props.onPick(props.picked.slice(0, -1));
    }
  }

  return (
    <div class="people-picker">
      <Show when={props.picked.length > 0}>
        <ul class="chips" aria-label={text("new-chat.picked")}>
          <For each={props.picked}>
            {(username) => (
              <li class="chip">
                <Avatar name={username} of={keyOf(username)} />
                <span title={username}>{nameOf(username)}</span>
                <button
                  type="button"
                  class="chip-drop"
                  aria-label={text("new-chat.drop", { username: nameOf(username) })}
                  onClick={() => props.onPick(props.picked.filter((other) => other !== username))}
                >
                  <Icon name="close" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <div class="field">
        <label for={`${listId}-field`}>{text("new-chat.find")}</label>
        <input
          ref={(element) => {
            field = element;
            queueMicrotask(() => element.focus());
          }}
          id={`${listId}-field`}
          type="text"
          class="input"
          autocomplete="off"
          autocapitalize="none"
          autocorrect="off"
          spellcheck={false}
          maxlength="32"
          placeholder={text("new-chat.find-hint")}
          aria-controls={listId}
          aria-activedescendant={search.found()?.length ? optionId(active()) : undefined}
          value={search.text()}
          onInput={(event) => {
            setActive(0);
            search.setText(event.currentTarget.value);
          }}
          onPaste={(event) => {
            if (pickList(event.clipboardData?.getData("text") ?? "")) event.preventDefault();
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="people-results">
        <ul id={listId} role="listbox" aria-label={text("new-chat.results")} class="options">
          <For each={search.found()}>
            {(username, index) => (
              <li
                id={optionId(index())}
                role="option"
                class="option"
                aria-selected={index() === active()}
                onMouseMove={() => setActive(index())}
                onClick={() => pick(username)}
              >
                <Avatar name={username} of={keyOf(username)} />
                <span>
                  <bdi>{displayName(username) ?? username}</bdi>
                  <Show when={displayName(username)}>
                    {" "}
                    <span class="person-address">@{username}</span>
                  </Show>
                </span>
              </li>
            )}
          </For>
        </ul>
        <p class="hint" aria-live="polite">
          <Show when={search.searching()}>{text("new-chat.searching")}</Show>
          <Show when={!search.searching() && search.text().trim() !== "" && search.found()?.length === 0}>
            {isSelf() ? text("new-chat.self") : text("new-chat.none", { text: search.text().trim() })}
          </Show>
        </p>
      </div>
    </div>
  );
}
