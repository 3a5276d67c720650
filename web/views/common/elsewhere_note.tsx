import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";

/** Shown while a copy of this profile has the connection. Only the user takes it back. */
export function ElsewhereNote(): JSX.Element {
  const app = useApp();
  const use = () => void app.engine.useHere().catch(app.report);
  return (
    <div class="update-note" role="alert">
      <span>{text("elsewhere.what")}</span>
      <button type="button" class="button button-primary" onClick={use}>{text("elsewhere.use")}</button>
    </div>
  );
}
