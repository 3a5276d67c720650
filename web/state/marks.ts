/** How far the others of one chat have received and read it. */

import { createSignal, onCleanup } from "solid-js";
import type { ReceiptMarks } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";

/**
 * Asks for the marks of a chat once, and then follows them, for the lifetime of the owning component.
 *
 * @returns the marks as they are now; nothing is marked before the engine has answered
 */
export function createMarks(
  app: Pick<App, "listenMarks" | "report"> & { engine: Pick<App["engine"], "receiptMarks"> },
  chatId: string,
): () => ReceiptMarks {
  const [marks, setMarks] = createSignal<ReceiptMarks>();
  onCleanup(app.listenMarks(chatId, setMarks));
  // What was told meanwhile is newer than the answer.
  void app.engine.receiptMarks(chatId).then((found) => setMarks((heard) => heard ?? found)).catch(app.report);
  return () => marks() ?? { delivered: "", read: "" };
}
