import { type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";

/** Who is typing. Its space is reserved, so that nothing moves. It changes too often to be read out. */
export function TypingLine(props: { names: string[] }): JSX.Element {
  const sentence = () => {
    const [who, other, ...more] = props.names;
    if (more.length > 0) return text("chat.typing-many", { count: props.names.length });
    return other ? text("chat.typing-two", { who, other }) : text("chat.typing-one", { who });
  };
  return (
    <p class="typing-line">
      <Show when={props.names.length > 0}>
        <span class="typing-dots" aria-hidden="true">
          <span />
          <span />
          <span />
        </span>
        {sentence()}
      </Show>
    </p>
  );
}
