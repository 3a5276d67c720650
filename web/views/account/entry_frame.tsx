import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { Icon, Mark, Wordmark } from "../common/icons.tsx";

/** The first screen's frame: on the deep green what the app is, beside it what is to be done. */
export function EntryFrame(props: { children: JSX.Element }): JSX.Element {
  return (
    <main class="entry">
      <section class="entry-show" aria-label={text("app.name")}>
        <Mark ghost />
        <h1 class="brand">
          <Mark />
          <Wordmark />
        </h1>
        <p class="entry-claim">{text("app.tagline")}</p>
        <ul class="entry-points">
          <li>
            <Icon name="lock" />
            {text("sign-in.point-private")}
          </li>
          <li>
            <Icon name="verified" />
            {text("sign-in.point-lasting")}
          </li>
          <li>
            <Icon name="server" />
            {text("sign-in.point-own")}
          </li>
        </ul>
      </section>
      <div class="entry-main">
        <div class="entry-card">{props.children}</div>
      </div>
    </main>
  );
}
