import { For, type JSX } from "solid-js";
import type { MessageItem, Reaction } from "../../../../client/api/engine_api.ts";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { Dialog } from "../../common/dialog.tsx";

/** Of more, a list tells nobody anything. */
const mostShown = 500;

/** Who has given a message which sign. */
export function ReactionsDialog(props: { item: MessageItem; onClose: () => void }): JSX.Element {
  return (
    <Dialog title={text("message-info.reactions")} onCancel={props.onClose}>
      <ReactionList reactions={props.item.reactions ?? []} />
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={props.onClose}>{text("message-info.close")}</button>
      </div>
    </Dialog>
  );
}

/** The signs, one for each person, oldest first. */
export function ReactionList(props: { reactions: readonly Reaction[] }): JSX.Element {
  const app = useApp();
  return (
    <ul class="givers" tabindex="0" aria-label={text("message-info.reactions")}>
      <For each={props.reactions.slice(0, mostShown)}>
        {(reaction) => (
          <li class="giver">
            <bdi class="giver-sign">{reaction.text}</bdi>
            <bdi title={reaction.sender}>{app.people.name(reaction.senderKey, reaction.sender)}</bdi>
          </li>
        )}
      </For>
    </ul>
  );
}
