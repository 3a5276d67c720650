/** Tells whether the server has been unreachable for so long that the user should know. */

import { createEffect, createSignal, onCleanup } from "solid-js";
import type { App } from "./app.ts";

const patienceMs = 2_000;

/**
 * @returns whether there has been no connection for two seconds, or the browser reports that it is offline;
 *   for the lifetime of the owning component
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
