/** Whether the server can not be reached for so long that it is worth a line: a short interruption is none. */

import { createEffect, createSignal, onCleanup } from "solid-js";
import type { App } from "./app.ts";

const patienceMs = 2_000;

/**
 * @returns whether there has been no connection for two seconds, or the browser says that it is offline, for
 *   as long as the owning component lives
 */
export function createOutage(app: App): () => boolean {
  const [out, setOut] = createSignal(false);
  createEffect(() => {
    const { kind } = app.connection();
    if (kind !== "connecting") return void setOut(kind === "offline");
    const timer = setTimeout(() => setOut(true), patienceMs);
    onCleanup(() => clearTimeout(timer));
  });
  return out;
}
