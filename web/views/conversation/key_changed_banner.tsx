import { type JSX, Show } from "solid-js";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { Icon } from "../common/icons.tsx";

/**
 * Says that sending has stopped because a person's key changed. The user decides about one person at a time,
 * where the number of the new key is shown.
 */
export function KeyChangedBanner(props: { usernames: string[] }): JSX.Element {
  const app = useApp();
  const username = () => props.usernames[0];
  return (
    <Show when={username()}>
      <section class="key-banner" role="alert">
        <Icon name="warning" />
        <div class="key-banner-text">
          <strong>{text("chat.key-changed", { username: app.people.bothOf(username()) })}</strong>
          <p>
            {text("chat.key-changed-why", { username: app.people.bothOf(username()) })}
            <Show when={props.usernames.length > 1}>
              {" "}
              {plural("chat.key-changed-more", props.usernames.length - 1)}
            </Show>
          </p>
        </div>
        <div class="key-banner-actions">
          <button type="button" class="button" onClick={() => app.compare(username())}>{text("chat.compare")}</button>
        </div>
      </section>
    </Show>
  );
}
