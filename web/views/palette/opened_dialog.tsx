import { type JSX, Match, Switch } from "solid-js";
import { useApp } from "../../state/app_context.ts";
import type { OpenedDialog } from "../../state/openings.ts";
import { InviteDialog } from "../people/invite_dialog.tsx";
import { Palette } from "./palette.tsx";
import { ShortcutsDialog } from "./shortcuts_dialog.tsx";
import "../../styles/search.css";
import "../../styles/palette.css";

/** The dialogs that open from anywhere. */
export function OpenedDialogView(props: { dialog: OpenedDialog }): JSX.Element {
  const app = useApp();
  const close = () => app.openings.show(undefined);
  return (
    <Switch>
      <Match when={props.dialog === "palette"}>
        <Palette onClose={close} />
      </Match>
      <Match when={props.dialog === "shortcuts"}>
        <ShortcutsDialog onClose={close} />
      </Match>
      <Match when={props.dialog === "invite"}>
        <InviteDialog onClose={close} />
      </Match>
    </Switch>
  );
}
