import { createSignal, For, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { headOf } from "../../../state/message_fold.ts";
import { partsOf } from "../../../state/message_parts.ts";
import type { MessageViewProps } from "../message_view.ts";

/** The text, with web addresses that can be followed. Of a long one the beginning, until all is asked for. */
export function TextView(props: MessageViewProps): JSX.Element {
  const [whole, setWhole] = createSignal(false);
  const head = () => headOf(props.item.text);
  const shown = () => (whole() ? props.item.text : head() ?? props.item.text);
  function fold(button: HTMLElement): void {
    setWhole(!whole());
    // Else the reader would find other messages where the end of this one was.
    if (!whole()) button.closest("article")?.scrollIntoView({ block: "nearest" });
  }
  return (
    <>
      <span class="message-text" dir="auto">
        <For each={partsOf(shown())}>
          {(part) => (
            <Show when={part.href} fallback={part.text}>
              {/* A direction of its own: what stands around it can not turn it round. */}
              <a href={part.href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">{part.text}</a>
              <Show when={part.host}>
                {(host) => (
                  <>
                    {" "}
                    <bdi class="link-host">({host()})</bdi>
                  </>
                )}
              </Show>
            </Show>
          )}
        </For>
      </span>
      <Show when={head() !== undefined}>
        <button
          type="button"
          class="message-more"
          aria-expanded={whole()}
          onClick={(event) => fold(event.currentTarget)}
        >
          {whole() ? text("message.less") : text("message.more")}
        </button>
      </Show>
    </>
  );
}
