import type { JSX } from "solid-js";
import type { SafetyNumber } from "../../../client/api/engine_api.ts";
import { LocalCode } from "../../../client/api/errors.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { problemFrom } from "../../state/task.ts";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";

/**
 * Asks whether to trust the shown key from now on.
 *
 * @param props.onOther called when the account has yet another key by now, and nothing was accepted
 */
export function AcceptKeyDialog(
  props: { number: SafetyNumber; onAccepted: () => void; onOther: () => void; onClose: () => void },
): JSX.Element {
  const app = useApp();
  const { username, accountKey } = props.number;
  const named = { username: app.people.bothOf(username) };
  return (
    <ConfirmDialog
      title={text("confirm.accept-key-title", named)}
      body={text("confirm.accept-key", named)}
      confirm={text("chat.accept-key")}
      waiting="working"
      onConfirm={async () => {
        try {
          await app.engine.acceptChangedKey(username, accountKey);
        } catch (error) {
          if (problemFrom(error).code !== LocalCode.otherKey) throw error;
          return props.onOther();
        }
        props.onAccepted();
      }}
      onClose={props.onClose}
    />
  );
}
