import { createSignal, type JSX } from "solid-js";
import { text } from "../i18n/language.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

/** The recovery code, shown once: it closes by its own button only. */
export function RecoveryDialog(props: { code: string; onContinue: () => void }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  let shown!: HTMLParagraphElement;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.code);
      setCopied(true);
    } catch {
      // Refused, or no secure context: selected, so that one keystroke copies it. It must not look copied.
      getSelection()?.selectAllChildren(shown);
    }
  };
  return (
    <Dialog title={text("recovery.title")}>
      <p>{text("recovery.why")}</p>
      <p ref={shown} class="recovery-code" aria-label={text("recovery.code")} role="group" tabindex="0">{props.code}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={copy}><Icon name="copy" />{copied() ? text("recovery.copied") : text("recovery.copy")}</button>
        <button type="button" class="button button-primary" data-first onClick={() => props.onContinue()}>{text("recovery.continue")}</button>
      </div>
    </Dialog>
  );
}
