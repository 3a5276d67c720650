import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import type { ShownRecoveryCode } from "../../state/app.ts";
import { saveText } from "../../state/save_text.ts";
import { CopyButton } from "../common/copy_button.tsx";
import { Dialog } from "../common/dialog.tsx";
import { Icon } from "../common/icons.tsx";
import { RecoveryCheck } from "./recovery_check.tsx";

/**
 * Shows the recovery code once: to be noted, copied or saved, and then checked if one likes. Only its own button closes
 * it. That button does not have the focus, so that one Enter too many does not close it.
 */
export function RecoveryDialog(props: { shown: ShownRecoveryCode; onContinue: () => void }): JSX.Element {
  const replaced = () => props.shown.occasion === "replaced";
  const [checking, setChecking] = createSignal(false);
  const title = () => text(checking() ? "recovery.check-title" : replaced() ? "recovery.new-title" : "recovery.title");
  const done = () => text(replaced() ? "recovery.noted" : "recovery.continue");
  let shown!: HTMLParagraphElement;
  return (
    <Dialog title={title()}>
      <Show
        when={!checking()}
        fallback={
          <RecoveryCheck
            code={props.shown.code}
            done={done()}
            onDone={props.onContinue}
            onBack={() => setChecking(false)}
          />
        }
      >
        <p>{replaced() ? text("recovery.new-why") : text("recovery.why")}</p>
        <p ref={shown} class="code-big" aria-label={text("recovery.code")} role="group" tabindex="0" data-first>
          {props.shown.code}
        </p>
        <div class="pair">
          <button
            type="button"
            class="button"
            onClick={() =>
              saveText("quicproquo-recovery-code.txt", `${text("recovery.file")}\n\n${props.shown.code}\n`)}
          >
            <Icon name="download" />
            {text("recovery.download")}
          </button>
          <CopyButton
            value={props.shown.code}
            label={text("recovery.copy")}
            onRefused={() => getSelection()?.selectAllChildren(shown)}
          />
        </div>
        <div class="dialog-actions">
          <button type="button" class="button button-quiet" onClick={() => setChecking(true)}>
            {text("recovery.check")}
          </button>
          <button type="button" class="button button-primary" onClick={() => props.onContinue()}>{done()}</button>
        </div>
      </Show>
    </Dialog>
  );
}
