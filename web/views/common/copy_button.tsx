import { createSignal, type JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { Icon } from "./icons.tsx";

/**
 * Copies a text, and says that it did. Where the browser refuses, `onRefused` may show the text for copying
 * by hand.
 */
export function CopyButton(props: { value: string; label: string; onRefused?: () => void }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(props.value);
      setCopied(true);
    } catch {
      // The browser refused, or the context is not secure. The button must not say "copied".
      props.onRefused?.();
    }
  }
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <Icon name={copied() ? "sent" : "copy"} />
      {copied() ? text("recovery.copied") : props.label}
    </button>
  );
}
