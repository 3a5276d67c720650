/** What the engine in memory does with its data: the export, a part for each chat, and the end of the account. */

import type { ExportPart, Progress } from "../../client/api/engine_api.ts";
import type { FakeChat } from "./fake_chats.ts";

const partMs = 80;
const leaveMs = 60;

/** @returns the progress of a deletion, and how long each step takes in ms */
export function leavingSteps(total: number): [Progress, number][] {
  return Array.from({ length: total }, (_, done) => [{ task: "leaving-chats", done, total }, leaveMs]);
}

/** @param from the number of the part as text; left out: the first */
export async function fakeExport(chats: FakeChat[], from = "0"): Promise<ExportPart> {
  await new Promise((resolve) => setTimeout(resolve, partMs));
  const at = Number(from);
  const total = chats.length;
  if (at >= total) return { lines: `${JSON.stringify({ type: "end", chats: total })}\n`, done: total, total };
  const head = at === 0 ? `${JSON.stringify({ type: "quicproquo-export", version: 1 })}\n` : "";
  const { summary: { chatId, title } } = chats[at];
  const lines = `${head}${JSON.stringify({ type: "chat", chatId, title })}\n`;
  return { lines, next: String(at + 1), done: at, total };
}
