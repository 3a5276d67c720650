import { createMemo, For, type JSX, Show } from "solid-js";
import { plural, text } from "../../../i18n/language.ts";
import { choicesAfter, resultOf } from "../../../state/poll_result.ts";
import { Icon } from "../../common/icons.tsx";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";
import { PollEndView } from "./pollend.tsx";

/** A question with its answers, to choose from, and the votes so far. */
export function PollView(props: MessageViewProps): JSX.Element {
  const tools = useMessageTools();
  const poll = () => props.item.poll!;
  const result = createMemo(() => resultOf(poll(), tools.own().accountKey));
  const open = () => {
    const { open, polls } = tools.place();
    return open && polls && !poll().ended && (props.item.state === "sent" || props.item.state === "received");
  };
  return (
    <div class="poll">
      <p class="poll-question" dir="auto">{props.item.text}</p>
      <p class="poll-note">
        <Show when={poll().ended} fallback={text(poll().several ? "poll.several" : "poll.one")}>
          <PollEndView item={props.item} />
        </Show>
      </p>
      <div role="group" aria-label={props.item.text} class="poll-options">
        <For each={result().options}>
          {(option, index) => (
            <button
              type="button"
              class="poll-option"
              aria-pressed={option.own}
              disabled={!open()}
              onClick={() => tools.vote(props.item, choicesAfter(poll(), tools.own().accountKey, index()))}
            >
              <span class="poll-check" classList={{ "poll-check-many": poll().several }}>
                <Show when={option.own}>
                  <Icon name="sent" />
                </Show>
              </span>
              <span class="poll-text" dir="auto">{option.text}</span>
              <span class="poll-count">
                <span aria-hidden="true">{option.count}</span>
                <span class="visually-hidden">{plural("poll.votes", option.count)}</span>
              </span>
              <progress class="poll-bar" aria-hidden="true" value={option.share} max="1" />
            </button>
          )}
        </For>
      </div>
      <Show when={result().people > 0}>
        <button
          type="button"
          class="link-button poll-votes"
          onClick={() => tools.setDialog({ kind: "votes", messageId: props.item.messageId })}
        >
          {plural("poll.people", result().people)}
        </button>
      </Show>
    </div>
  );
}
