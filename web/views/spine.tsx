import { type JSX, Show } from "solid-js";
import { plural, text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { Avatar } from "./common/avatar.tsx";
import { Icon, Mark } from "./common/icons.tsx";
import { ConnectionStatus } from "./chats/connection_status.tsx";

type Place = "chats" | "settings";

/** The binding of the app on the left: the way to each place, the own face, and the state of the connection. */
export function Spine(): JSX.Element {
  const app = useApp();
  const account = () => {
    const known = app.account();
    return known?.kind === "signed-in" ? known : undefined;
  };
  return (
    <nav class="spine" aria-label={text("places.title")}>
      <Mark />
      <PlaceButton place="chats" class="spine-item" />
      <span class="spine-gap" />
      <PlaceButton place="settings" class="spine-item" />
      <div class="spine-self">
        <Show when={account()}>
          {(known) => (
            <span class="avatar-frame" title={known().username}>
              <Avatar name={known().username} of={known().accountKey} />
              <span class="presence" classList={{ "presence-away": app.connection().kind !== "connected" }} />
            </span>
          )}
        </Show>
        <ConnectionStatus />
      </div>
    </nav>
  );
}

/** The same ways at the foot of a phone. */
export function TabBar(): JSX.Element {
  return (
    <nav class="tab-bar" aria-label={text("places.title")}>
      <PlaceButton place="chats" class="tab" />
      <PlaceButton place="settings" class="tab" />
    </nav>
  );
}

/** One way: its icon with what is unread there, and its name. */
function PlaceButton(props: { place: Place; class: "spine-item" | "tab" }): JSX.Element {
  const app = useApp();
  const here = () => (app.navigation.route().kind === "settings") === (props.place === "settings");
  const unread = () =>
    props.place === "chats" ? (app.chats() ?? []).reduce((sum, chat) => sum + (chat.unread > 0 ? 1 : 0), 0) : 0;
  return (
    <button
      type="button"
      class={props.class}
      aria-current={here() ? "page" : undefined}
      onClick={() => here() || app.navigation.go({ kind: props.place })}
    >
      <span class="tab-icon">
        <Icon name={props.place} size="l" />
        <Show when={unread() > 0}>
          <span class="count" aria-hidden="true">{unread()}</span>
        </Show>
      </span>
      {text(`places.${props.place}`)}
      <Show when={unread() > 0}>
        <span class="visually-hidden">{plural("places.unread", unread())}</span>
      </Show>
    </button>
  );
}
