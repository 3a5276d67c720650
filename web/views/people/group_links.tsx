import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { Icon } from "../common/icons.tsx";
import { InviteDialog } from "./invite_dialog.tsx";

/** For a group's admins: links into it. */
export function GroupLinks(props: { chat: ChatSummary }): JSX.Element {
  const words = peopleWords();
  const [inviting, setInviting] = createSignal(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setInviting(true)}>
        <Icon name="key" />
        {words.invite}
      </button>
      <Show when={inviting()}>
        <InviteDialog group={props.chat} onClose={() => setInviting(false)} />
      </Show>
    </>
  );
}
