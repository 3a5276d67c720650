import { For, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";

/** The id of an option, which the field names as the active one. */
export function mentionOptionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}

/** The names that `@` is completed with, above the field. The field keeps the focus (ARIA: editable combobox). */
export function MentionList(
  props: {
    id: string;
    usernames: string[];
    nameOf: (username: string) => string | undefined;
    active: number;
    onPick: (username: string) => void;
  },
): JSX.Element {
  return (
    <ul id={props.id} class="mention-list" role="listbox" aria-label={text("compose.mentions")}>
      <For each={props.usernames}>
        {(username, index) => (
          <li
            id={mentionOptionId(props.id, index())}
            class="mention-option"
            role="option"
            aria-selected={index() === props.active}
            onMouseDown={(event) => {
              event.preventDefault();
              props.onPick(username);
            }}
          >
            @{username}
            <Show when={props.nameOf(username)}>
              {(name) => (
                <>
                  {" "}
                  <bdi class="mention-name">{name()}</bdi>
                </>
              )}
            </Show>
          </li>
        )}
      </For>
    </ul>
  );
}
