import { createSignal, type JSX, Show } from "solid-js";
import { leavingWords } from "../../i18n/leaving_words.ts";
import { Icon } from "../common/icons.tsx";
import { DeleteAccountDialog } from "./delete_account_dialog.tsx";
import { ExportRow } from "./export_row.tsx";

/** What the user may do with the own data: take it along, or delete the account. */
export function YourData(props: { username: string }): JSX.Element {
  const words = leavingWords();
  const [deleting, setDeleting] = createSignal(false);
  return (
    <section class="panel-section" aria-labelledby="settings-data">
      <h2 id="settings-data" class="panel-heading">{words.title}</h2>
      <div class="settings-card">
        <ExportRow username={props.username} />
        <div class="settings-row">
          <Icon name="warning" />
          <div class="settings-what">
            <p class="settings-name">{words.delete}</p>
            <p class="hint">{words.deleteWhy}</p>
          </div>
          <button
            type="button"
            class="button button-small button-danger-quiet"
            aria-label={words.delete}
            onClick={() => setDeleting(true)}
          >
            {words.deleteShort}
          </button>
        </div>
      </div>
      <Show when={deleting()}>
        <DeleteAccountDialog username={props.username} onClose={() => setDeleting(false)} />
      </Show>
    </section>
  );
}
