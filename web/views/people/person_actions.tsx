import { createSignal, type JSX, Show } from "solid-js";
import type { ChatMember } from "../../../client/api/engine_api.ts";
import { fill } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ReportDialog } from "./report_dialog.tsx";

/** Block or unblock a person of a chat, and report them. */
export function PersonActions(props: { chatId: string; member: ChatMember }): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [asked, setAsked] = createSignal<"block" | "report">();
  const name = () => app.people.both(props.member.accountKey, props.member.username);
  const close = () => setAsked(undefined);
  return (
    <>
      <Show
        when={props.member.blocked}
        fallback={
          <button type="button" class="button button-danger-quiet" onClick={() => setAsked("block")}>
            <Icon name="warning" />
            {fill(words.block, { name: name() })}
          </button>
        }
      >
        <p class="hint">{fill(words.isBlocked, { name: name() })}</p>
        <button
          type="button"
          class="button"
          disabled={task.running()}
          onClick={() => void task.run(() => app.engine.unblock(props.member.accountKey))}
        >
          {fill(words.unblockNamed, { name: name() })}
        </button>
      </Show>
      <button type="button" class="button button-danger-quiet" onClick={() => setAsked("report")}>
        {fill(words.report, { name: name() })}
      </button>
      <ProblemNote problem={task.problem()} />
      <Show when={asked() === "block"}>
        <ConfirmDialog
          title={fill(words.blockAsk, { name: name() })}
          body={fill(words.blockWhy, { name: name() })}
          confirm={fill(words.block, { name: name() })}
          waiting="working"
          onConfirm={() => app.engine.block(props.member.username)}
          onClose={close}
        />
      </Show>
      <Show when={asked() === "report"}>
        <ReportDialog chatId={props.chatId} username={props.member.username} onClose={close} />
      </Show>
    </>
  );
}
