import { createSignal, For, type JSX, Show } from "solid-js";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { InviteDialog } from "./invite_dialog.tsx";
import "../../styles/people.css";

/** Above the search for people: an invite link for those who have no account, and the note to self. */
export function NewChatRows(): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [inviting, setInviting] = createSignal(false);
  const openNotes = () =>
    task.run(async () => {
      const chatId = await app.engine.noteToSelf();
      app.navigation.replace({ kind: "chat", chatId, info: false });
    });
  const rows = [
    { icon: "plus" as const, name: words.invite, why: words.inviteWhy, act: () => setInviting(true) },
    { icon: "lock" as const, name: words.notes, why: words.notesWhy, act: () => void openNotes() },
  ];
  return (
    <div class="settings-card new-chat-rows">
      <For each={rows}>
        {({ icon, name, why, act }) => (
          <button type="button" class="settings-row row-button" disabled={task.running()} onClick={act}>
            <Icon name={icon} />
            <span class="settings-what">
              <span class="settings-name">{name}</span>
              <span class="hint">{why}</span>
            </span>
          </button>
        )}
      </For>
      <ProblemNote problem={task.problem()} />
      <Show when={inviting()}>
        <InviteDialog onClose={() => setInviting(false)} />
      </Show>
    </div>
  );
}
