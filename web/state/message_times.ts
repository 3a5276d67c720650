/** What the info of a message says about its times. Pure. */

import type { MessageItem } from "../../client/api/engine_api.ts";
import { momentText } from "./clock_text.ts";

export interface MessageTime {
  what: "written" | "sent" | "received";
  atMs: number;
}

/**
 * @param writtenMs when an own message was written, by this device's clock, in ms; undefined while it is not known
 * @returns the times that differ for a reader, the earliest first
 */
export function timesOf(
  { own, state, atMs }: Pick<MessageItem, "own" | "state" | "atMs">,
  writtenMs: number | undefined,
): MessageTime[] {
  if (!own) return [{ what: "received", atMs }];
  if (state !== "sent") return [{ what: "written", atMs }];
  const isSame = writtenMs === undefined || momentText(writtenMs) === momentText(atMs);
  return [...(isSame ? [] : [{ what: "written", atMs: writtenMs } as const]), { what: "sent", atMs }];
}
