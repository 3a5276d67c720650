import { type JSX, Match, Show, Switch } from "solid-js";
import type { MessageItem } from "../../../../client/api/engine_api.ts";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { type MessageDialog, refOf } from "../../../state/message_tools.ts";
import { ConfirmDialog } from "../../common/confirm_dialog.tsx";
import { VoteView } from "../kinds/vote.tsx";
import { useMessageTools } from "../message_tools_context.ts";
import { ForwardDialog } from "./forward_dialog.tsx";
import { InfoDialog } from "./info_dialog.tsx";
import { ReactionsDialog } from "./reactions_dialog.tsx";

/** The dialog that is open about a message. It closes when its message goes. */
export function MessageDialogs(props: { chatId: string; dialog: MessageDialog }): JSX.Element {
  const tools = useMessageTools();
  const app = useApp();
  const close = () => tools.setDialog(undefined);
  const item = () => tools.find(props.dialog.messageId);
  const is = (kind: MessageDialog["kind"]) => props.dialog.kind === kind;
  const act = (work: (message: MessageItem) => Promise<void>) => () => work(item()!);
  return (
    <Show when={item()}>
      {(found) => (
        <Switch>
          <Match when={is("forward")}>
            <ForwardDialog chatId={props.chatId} item={found()} onClose={close} />
          </Match>
          <Match when={is("info")}>
            <InfoDialog item={found()} onClose={close} />
          </Match>
          <Match when={is("reactions")}>
            <ReactionsDialog item={found()} onClose={close} />
          </Match>
          <Match when={is("votes")}>
            <VoteView item={found()} onClose={close} />
          </Match>
          <Match when={is("delete-everyone")}>
            <ConfirmDialog
              title={text("actions.delete-everyone-title")}
              body={text("actions.delete-everyone-why")}
              confirm={text("actions.delete")}
              waiting="working"
              onConfirm={act((message) => app.engine.deleteForEveryone(props.chatId, refOf(message)))}
              onClose={close}
            />
          </Match>
          <Match when={is("delete-me")}>
            <ConfirmDialog
              title={text("actions.delete-me-title")}
              body={text("actions.delete-me-why")}
              confirm={text("actions.delete")}
              waiting="working"
              onConfirm={act((message) => app.engine.deleteForMe(props.chatId, refOf(message)))}
              onClose={close}
            />
          </Match>
          <Match when={is("end-poll")}>
            <ConfirmDialog
              title={text("actions.end-poll-title")}
              body={text("actions.end-poll-why")}
              confirm={text("actions.end-poll")}
              mild
              waiting="working"
              onConfirm={act((message) => app.engine.endPoll(props.chatId, refOf(message)))}
              onClose={close}
            />
          </Match>
        </Switch>
      )}
    </Show>
  );
}
