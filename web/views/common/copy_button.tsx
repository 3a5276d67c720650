import { createSignal, type JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { Icon } from "./icons.tsx";

/** Copies a text, and says that it did; where the browser refuses, `onRefused` may show it for copying by hand. */
export function CopyButton(props: { value: string; label: string; onRefused?: () => void }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(props.value);
      setCopied(true);
    } catch {
      // Refused, or no secure context. It must not look copied.
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
