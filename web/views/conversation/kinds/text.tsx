import { createMemo, createSignal, type JSX } from "solid-js";
import { mentionsIn } from "../../../../client/content/mentions.ts";
import { text } from "../../../i18n/language.ts";
import { loneEmoji } from "../../../state/lone_emoji.ts";
import { markupOf } from "../../../state/markup/markup.ts";
import { headOf } from "../../../state/message_fold.ts";
import { MarkupView } from "../markup_view.tsx";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";

/** The text with its formatting, links and mentions. Of a long one the beginning, until all is asked for. */
export function TextView(props: MessageViewProps): JSX.Element {
  const tools = useMessageTools();
  const { text: words, replyTo } = props.item;
  if (loneEmoji(words) > 0 && !replyTo) return <span class="message-text message-emoji" dir="auto">{words}</span>;
  const head = headOf(words);
  const [whole, setWhole] = createSignal(false);
  const shown = () => (whole() ? words : head ?? words);
  const blocks = createMemo(() => markupOf(shown(), (stretch) => mentionsIn(stretch, tools.isMember)));
  function fold(button: HTMLElement): void {
    setWhole(!whole());
    // Else the reader would find other messages where the end of this one was.
    if (!whole()) button.closest("article")?.scrollIntoView({ block: "nearest" });
  }
  const content = (
    <span class="message-text" dir="auto">
      <MarkupView blocks={blocks()} own={tools.own().username} />
    </span>
  );
  if (head === undefined) return content;
  return (
    <>
      {content}
      <button
        type="button"
        class="message-more"
        aria-expanded={whole()}
        onClick={(event) => fold(event.currentTarget)}
      >
        {whole() ? text("message.less") : text("message.more")}
      </button>
    </>
  );
}
