import { createMemo, For, type JSX, Show } from "solid-js";
import { plural, text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { resultOf } from "../../../state/poll_result.ts";
import { Dialog } from "../../common/dialog.tsx";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";

/** Who has voted for what, in a dialog. */
export function VoteView(props: MessageViewProps & { onClose: () => void }): JSX.Element {
  const app = useApp();
  const tools = useMessageTools();
  const result = createMemo(() => props.item.poll && resultOf(props.item.poll, tools.own().accountKey));
  return (
    <Dialog title={text("message.vote")} onCancel={props.onClose}>
      <div class="givers" tabindex="0" role="group" aria-label={text("message.vote")}>
        <For each={result()?.options}>
          {(option) => (
            <section>
              <h3 class="facts-title">
                <bdi>{option.text}</bdi> · {plural("poll.votes", option.count)}
              </h3>
              <Show when={option.voters.length > 0} fallback={<p class="hint">{text("poll.nobody")}</p>}>
                <ul>
                  <For each={option.voters}>
                    {(voter) => (
                      <li class="giver">
                        <bdi title={voter.sender}>{app.people.name(voter.senderKey, voter.sender)}</bdi>
                      </li>
                    )}
                  </For>
                </ul>
              </Show>
            </section>
          )}
        </For>
      </div>
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={props.onClose}>{text("message-info.close")}</button>
      </div>
    </Dialog>
  );
}
