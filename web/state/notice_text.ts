/** The sentence of a notice of a conversation. */

import type { NoticeItem } from "../../client/api/engine_api.ts";
import { text, textOf } from "../i18n/language.ts";
import { durationText } from "./duration_text.ts";

/** Notices that a reader must not overlook. */
const warnings: ReadonlySet<NoticeItem["notice"]> = new Set([
  "removed-by-server",
  "server-differs",
  "rejected",
  "unreadable",
  "unopened",
  "not-resent",
  "rolled-back",
  "server-behind",
  "left-behind",
  "not-added",
  "invited-only",
]);

/** @returns whether a reader must not overlook the notice */
export function isWarning({ notice }: NoticeItem): boolean {
  return warnings.has(notice);
}

function timeOf({ timerMs }: NoticeItem["values"]): string {
  return timerMs === undefined ? "" : durationText(Number(timerMs));
}

/** A chosen name keeps its own direction of writing and can not turn the sentence: U+2068, U+2069 (Unicode UAX 9). */
function within(username: string | undefined, nameOf: (username: string) => string): string | undefined {
  if (username === undefined || username === "") return undefined;
  const name = nameOf(username);
  return name === username ? name : `\u2068${name}\u2069`;
}

/**
 * @param own this account's username
 * @param nameOf the shown name of a person
 * @returns the notice's sentence, with "you" where it is about this account, "someone" for a missing person, and words
 *   for a name that nobody can see
 */
export function noticeText({ notice, values }: NoticeItem, own: string, nameOf: (username: string) => string): string {
  const kind = notice === "removed" && !values.by ? "removed-by-nobody" : notice;
  const someone = text("notice.someone");
  const named = {
    device: "",
    count: "",
    time: timeOf(values),
    ...values,
    by: within(values.by, nameOf) ?? someone,
    who: within(values.who, nameOf) ?? someone,
    name: values.name || text("notice.no-name"),
  };
  const toYou = values.who === own
    ? textOf(`notice.whom-you.${kind}`, named)
    : values.by === own
    ? textOf(`notice.by-you.${kind}`, named)
    : undefined;
  return toYou ?? textOf(`notice.${kind}`, named)!;
}
