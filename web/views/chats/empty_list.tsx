import { createEffect, createSignal, type JSX, on, onCleanup, Show } from "solid-js";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { EmptyArt } from "../common/empty_art.tsx";

/** How long an online device needs at most to begin: specification §4.11. After it, nobody seems to be online. */
const soonMs = 10_000;

/** What stands in place of the chats while there are none: whether some are still to come, and from whom. */
export function EmptyList(): JSX.Element {
  const app = useApp();
  const isConnected = () => app.connection().kind === "connected";
  const [late, setLate] = createSignal(false);
  createEffect(on(() => isConnected() && app.awaited() > 0, (waits) => {
    setLate(false);
    if (!waits) return;
    const timer = setTimeout(() => setLate(true), soonMs);
    onCleanup(() => clearTimeout(timer));
  }));
  const hint = () => text(!isConnected() ? "awaited.offline" : late() ? "awaited.late" : "awaited.soon");
  return (
    <div class="empty list-empty" aria-live="polite">
      <EmptyArt />
      <Show
        when={app.awaited() > 0}
        fallback={
          <>
            <p class="empty-title">{text("chats.empty")}</p>
            <p>{text("chats.empty-hint")}</p>
          </>
        }
      >
        <p class="empty-title">{plural("awaited.chats", app.awaited())}</p>
        <p>{hint()}</p>
      </Show>
    </div>
  );
}
