import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { createPart } from "../../state/part.ts";
import { Icon } from "./icons.tsx";

/** A row that opens what protects the messages, in a dialog that is loaded then. */
export function ProtectionRow(): JSX.Element {
  const [open, setOpen] = createSignal(false);
  const part = createPart(() => import("./protection_dialog.tsx"), open);
  return (
    <>
      <button type="button" class="settings-row" onClick={() => setOpen(true)}>
        <Icon name="verified" />
        <span class="settings-what">{text("protection.open")}</span>
        <Icon name="next" />
      </button>
      <Show when={open() && part()} keyed>
        {({ ProtectionDialog }) => <ProtectionDialog onClose={() => setOpen(false)} />}
      </Show>
    </>
  );
}
