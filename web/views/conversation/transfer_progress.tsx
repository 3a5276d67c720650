import { type JSX, Show } from "solid-js";
import type { MessageItem, Transfer } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { shareText, sizeText } from "../../state/file_text.ts";
import { Icon } from "../common/icons.tsx";
import "../../styles/outgoing.css";

function wordsOf({ state, done, total }: Transfer): string {
  const share = shareText(done, total);
  if (state === "failed") return text("outgoing.failed");
  if (state === "paused") return text("outgoing.paused", { share });
  if (state === "sending") return text("outgoing.sending", { done: sizeText(done), total: sizeText(total), share });
  return total === 0 ? text("outgoing.preparing") : text("outgoing.encrypting", { share });
}

/** How far the files of an own message are, while they are on their way, and what stops them. */
export function TransferProgress(props: { item: MessageItem }): JSX.Element {
  const { outgoing } = useApp();
  const transfer = () => props.item.own ? outgoing.transferOf(props.item.messageId) : undefined;
  return (
    <Show when={transfer()}>
      {(known) => (
        <div class="transfer">
          <p class="transfer-words">{wordsOf(known())}</p>
          <Show when={known().state === "sending"}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("outgoing.pause")}
              title={text("outgoing.pause")}
              onClick={() => outgoing.pause(known().chatId, known().messageId)}
            >
              <Icon name="hold" />
            </button>
          </Show>
          <Show when={known().state === "paused"}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("outgoing.resume")}
              title={text("outgoing.resume")}
              onClick={() => outgoing.resume(known().chatId, known().messageId)}
            >
              <Icon name="up" />
            </button>
          </Show>
          <button
            type="button"
            class="icon-button"
            aria-label={text("outgoing.cancel")}
            title={text("outgoing.cancel")}
            onClick={() => outgoing.cancel(known().chatId, known().messageId)}
          >
            <Icon name="close" />
          </button>
          <Show when={known().state !== "failed"}>
            <progress
              class="transfer-bar"
              aria-label={text("outgoing.progress")}
              aria-valuetext={wordsOf(known())}
              {...(known().total > 0 && { value: known().done })}
              max={Math.max(1, known().total)}
            />
          </Show>
        </div>
      )}
    </Show>
  );
}
