import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";

/** The state of the connection; the title names the transport in use. */
export function ConnectionStatus(): JSX.Element {
  const app = useApp();
  const kind = () => app.connection().kind;
  return (
    <span role="status" class={`connection connection-${kind()}`} title={app.connection().transport}>
      {text(`connection.${kind()}`)}
    </span>
  );
}
