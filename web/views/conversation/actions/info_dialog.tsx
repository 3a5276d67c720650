import { createResource, For, type JSX, Show } from "solid-js";
import type { MessageInfo, MessageItem } from "../../../../client/api/engine_api.ts";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { momentText } from "../../../state/clock_text.ts";
import { timesOf } from "../../../state/message_times.ts";
import { Dialog } from "../../common/dialog.tsx";
import { useMessageTools } from "../message_tools_context.ts";
import { ReactionList } from "./reactions_dialog.tsx";

/** When a message was written, sent or received, its state, its reactions, and what it said before it was edited. */
export function InfoDialog(props: { item: MessageItem; onClose: () => void }): JSX.Element {
  const app = useApp();
  const tools = useMessageTools();
  const state = () => {
    const known = tools.stateOf(props.item);
    return props.item.own && known !== "received" ? known : undefined;
  };
  // Asked for again when the marks have moved.
  const [info] = createResource(() => props.item.own && state(), () => tools.info(props.item));
  return (
    <Dialog title={text("message-info.title")} onCancel={props.onClose}>
      <dl class="facts">
        <dt>{text("message-info.from")}</dt>
        <dd>
          <bdi>{app.people.both(props.item.senderKey, props.item.sender)}</bdi>
        </dd>
        <For each={timesOf(props.item, info.latest?.sentMs)}>
          {({ what, atMs }) => (
            <>
              <dt>{text(`message-info.${what}`)}</dt>
              <dd>
                <time dateTime={new Date(atMs).toISOString()}>{momentText(atMs)}</time>
              </dd>
            </>
          )}
        </For>
        <Show when={state()}>
          {(known) => (
            <>
              <dt>{text("message-info.state")}</dt>
              <dd>{text(`state.${known()}`)}</dd>
            </>
          )}
        </Show>
      </dl>
      <People title={text("message-info.read-by")} people={info.latest?.readBy} />
      <People title={text("message-info.delivered-to")} people={info.latest?.delivered} />
      <Show when={props.item.elsewhere}>
        <p>{text("message-info.elsewhere")}</p>
      </Show>
      <Show when={props.item.reactions}>
        {(reactions) => (
          <>
            <h3 class="facts-title">{text("message-info.reactions")}</h3>
            <ReactionList reactions={reactions()} />
          </>
        )}
      </Show>
      <Show when={props.item.versions?.length}>
        <h3 class="facts-title">{text("message-info.versions")}</h3>
        <ol class="versions" tabindex="0">
          <For each={props.item.versions}>
            {(version) => (
              <li>
                <p class="version-text" dir="auto">{version.text}</p>
                <p class="hint">{text("message-info.until", { moment: momentText(version.untilMs) })}</p>
              </li>
            )}
          </For>
        </ol>
      </Show>
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={props.onClose}>{text("message-info.close")}</button>
      </div>
    </Dialog>
  );
}

/** Who has received or read it, and when that was told, where it is known. */
function People(props: { title: string; people: MessageInfo["readBy"] | undefined }): JSX.Element {
  const tools = useMessageTools();
  return (
    <Show when={props.people?.length}>
      <h3 class="facts-title">{props.title}</h3>
      <ul class="facts-people" aria-label={props.title}>
        <For each={props.people}>
          {({ username, atMs }) => (
            <li>
              <bdi title={username}>{tools.nameOf(username)}</bdi>
              <Show when={atMs}>{(ms) => <time dateTime={new Date(ms()).toISOString()}>{momentText(ms())}</time>}</Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
