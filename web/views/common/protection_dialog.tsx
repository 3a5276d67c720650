import { For, type JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { protectionWords } from "../../i18n/protection_words.ts";
import { Dialog } from "./dialog.tsx";

/** Says how messages are protected, for whoever wants to know: the only place with the words of the trade. */
export function ProtectionDialog(props: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title={text("protection.open")} onCancel={props.onClose}>
      <dl class="protection">
        <For each={protectionWords()}>
          {({ what, how }) => (
            <>
              <dt>{what}</dt>
              <dd>{how}</dd>
            </>
          )}
        </For>
      </dl>
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={() => props.onClose()}>{text("safety.close")}</button>
      </div>
    </Dialog>
  );
}
