import type { JSX } from "solid-js";
import { text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { ConfirmDialog } from "./confirm_dialog.tsx";

/** Asks whether a changed account key is to be trusted from now on. */
export function AcceptKeyDialog(props: { username: string; onAccepted?: () => void; onClose: () => void }): JSX.Element {
  const app = useApp();
  return (
    <ConfirmDialog
      title={text("confirm.accept-key-title", { username: props.username })}
      body={text("confirm.accept-key", { username: props.username })}
      confirm={text("chat.accept-key")}
      waiting="working"
      onConfirm={async () => {
        await app.engine.acceptChangedKey(props.username);
        props.onAccepted?.();
      }}
      onClose={props.onClose}
    />
  );
}
