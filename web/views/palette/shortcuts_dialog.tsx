import { For, type JSX } from "solid-js";
import { paletteWords } from "../../i18n/palette_words.ts";
import { shortcutGroups, type ShortcutId, shortcuts } from "../../state/shortcuts.ts";
import { Dialog } from "../common/dialog.tsx";
import { KeyNames } from "./key_names.tsx";

const ids = Object.keys(shortcuts) as ShortcutId[];

/** Every shortcut, from the table that binds them. */
export function ShortcutsDialog(props: { onClose: () => void }): JSX.Element {
  const words = paletteWords();
  return (
    <Dialog title={words.helpTitle} onCancel={props.onClose}>
      <For each={shortcutGroups}>
        {(group) => (
          <section class="shortcut-group">
            <h3 class="section-title">{words.groups[group]}</h3>
            <dl class="shortcut-list">
              <For each={ids.filter((id) => shortcuts[id].group === group)}>
                {(id) => (
                  <div class="shortcut-row">
                    <dt>{words.shortcuts[id]}</dt>
                    <For each={shortcuts[id].keys.slice(0, 1)}>
                      {(keys) => (
                        <dd>
                          <KeyNames keys={keys} />
                        </dd>
                      )}
                    </For>
                  </div>
                )}
              </For>
            </dl>
          </section>
        )}
      </For>
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={() => props.onClose()}>{words.close}</button>
      </div>
    </Dialog>
  );
}
