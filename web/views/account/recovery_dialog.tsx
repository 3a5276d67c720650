import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import type { ShownRecoveryCode } from "../../state/app.ts";
import { CopyButton } from "../common/copy_button.tsx";
import { Dialog } from "../common/dialog.tsx";

/**
 * Shows the recovery code once. Only its own button closes it. That button does not have the focus, so that
 * one Enter too many does not close it.
 */
export function RecoveryDialog(props: { shown: ShownRecoveryCode; onContinue: () => void }): JSX.Element {
  const replaced = () => props.shown.occasion === "replaced";
  let shown!: HTMLParagraphElement;
  return (
    <Dialog title={replaced() ? text("recovery.new-title") : text("recovery.title")}>
      <p>{replaced() ? text("recovery.new-why") : text("recovery.why")}</p>
      <p ref={shown} class="recovery-code" aria-label={text("recovery.code")} role="group" tabindex="0" data-first>
        {props.shown.code}
      </p>
      <div class="dialog-actions">
        <CopyButton
          value={props.shown.code}
          label={text("recovery.copy")}
          onRefused={() => getSelection()?.selectAllChildren(shown)}
        />
        <button type="button" class="button button-primary" onClick={() => props.onContinue()}>
          {replaced() ? text("recovery.noted") : text("recovery.continue")}
        </button>
      </div>
    </Dialog>
  );
}
