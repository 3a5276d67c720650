import { createSignal, type JSX, Show } from "solid-js";
import { facesWords } from "../../i18n/faces_words.ts";
import { useApp } from "../../state/app_context.ts";
import { ProfileDialog } from "./profile_dialog.tsx";

/** The way to change what the account shows of itself. */
export function EditProfile(props: { username: string; accountKey: string }): JSX.Element {
  const app = useApp();
  const [editing, setEditing] = createSignal(false);
  return (
    <>
      <button
        type="button"
        class="button button-small"
        disabled={app.connection().kind !== "connected"}
        onClick={() => setEditing(true)}
      >
        {facesWords().edit}
      </button>
      <Show when={editing()}>
        <ProfileDialog username={props.username} accountKey={props.accountKey} onClose={() => setEditing(false)} />
      </Show>
    </>
  );
}
