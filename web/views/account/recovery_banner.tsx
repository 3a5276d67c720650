import { type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { Icon } from "../common/icons.tsx";

/**
 * Shown after a reload when the user had not confirmed the recovery code. The user makes a new code, or says
 * that this one is noted.
 */
export function RecoveryBanner(): JSX.Element {
  const app = useApp();
  return (
    <Show when={app.recoveryCodeLeft()}>
      <section class="key-banner" role="alert">
        <Icon name="key" />
        <div class="key-banner-text">
          <strong>{text("recovery.left")}</strong>
          <span>{text("recovery.left-why")}</span>
        </div>
        <div class="key-banner-actions">
          <button type="button" class="button button-small" onClick={() => app.navigation.go({ kind: "settings" })}>
            {text("recovery.make-new")}
          </button>
          <button type="button" class="button button-small" onClick={() => app.keepRecoveryCode()}>
            {text("recovery.have-it")}
          </button>
        </div>
      </section>
    </Show>
  );
}
