import { createMemo, createSignal, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import type { Conversation } from "../../../state/conversation.ts";

/** Says that an earlier page was closed before the files of a message were encrypted. */
export function LostNote(props: { chatId: string; conversation: Conversation }): JSX.Element {
  const { outgoing } = useApp();
  const [dismissed, setDismissed] = createSignal(false);
  const lost = createMemo(() => {
    const { conversation, chatId } = props;
    if (!conversation.loaded() || dismissed()) return [];
    return outgoing.lost(chatId).filter((messageId) => {
      // Another tab had the engine: it went on.
      const goesOn = outgoing.transferOf(messageId) !== undefined ||
        conversation.items().some((item) => item.kind === "message" && item.messageId === messageId);
      if (goesOn) outgoing.forgetLost(messageId);
      return !goesOn;
    });
  });
  function dismiss(): void {
    lost().forEach(outgoing.forgetLost);
    setDismissed(true);
  }
  return (
    <Show when={lost().length > 0}>
      <p class="wait-note lost-note" role="status">
        <span>{text("outgoing.lost")}</span>
        <button type="button" class="link-button" onClick={dismiss}>{text("outgoing.lost-ok")}</button>
      </p>
    </Show>
  );
}
