import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";

/** Asks before all data is deleted from this device. */
export function SignOutDialog(props: { onClose: () => void }): JSX.Element {
  const app = useApp();
  async function signOut(): Promise<void> {
    await app.engine.signOut();
    app.navigation.replace({ kind: "chats" });
  }
  return (
    <ConfirmDialog
      title={text("confirm.sign-out-title")}
      body={text("confirm.sign-out")}
      confirm={text("confirm.sign-out-yes")}
      waiting="signing-out"
      onConfirm={signOut}
      onClose={props.onClose}
    />
  );
}
