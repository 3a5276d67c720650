/** Times and dates in the user's language and region. Pure. */

import { language, text } from "../i18n/language.ts";

const dayMs = 24 * 60 * 60_000;
const startOfDay = (atMs: number) => new Date(atMs).setHours(0, 0, 0, 0);
/**
 * The user's regional variety of the page's language: en-GB has another clock than en-US. Some browsers take the tag
 * from the system's locale as it is ("en-US@posix"): `Intl` throws for what is no tag of BCP 47.
 */
const variety = () =>
  globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === language && isTag(tag)) ?? language;

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** Formatters are kept, because creating one takes longer (0.6 ms) than the rest of a new line. */
const formatters = new Map<string, Intl.DateTimeFormat>();
function format(atMs: number, options: Intl.DateTimeFormatOptions): string {
  const tag = variety();
  const key = `${tag} ${JSON.stringify(options)}`;
  let formatter = formatters.get(key);
  if (!formatter) formatters.set(key, formatter = new Intl.DateTimeFormat(tag, options));
  return formatter.format(atMs);
}

/** @param atMs ms since 1970 @returns the time of day in the user's language */
export const timeText = (atMs: number) => format(atMs, { timeStyle: "short" });
/** @param atMs ms since 1970 @returns date and time of day in the user's language */
export const momentText = (atMs: number) => format(atMs, { dateStyle: "full", timeStyle: "short" });

/** @returns "Today", "Yesterday", or the date, with its year if it is another year */
export function dayText(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs);
  if (days === 0) return text("chat.today");
  if (days === 1) return text("chat.yesterday");
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return format(atMs, { weekday: "long", day: "numeric", month: "long", ...(!sameYear && { year: "numeric" }) });
}

/** @returns for a list: today the time, this week the weekday, else the date */
export function listTimeText(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs);
  if (days <= 0) return timeText(atMs);
  if (days === 1) return text("chat.yesterday");
  return days < 7 ? format(atMs, { weekday: "short" }) : format(atMs, { day: "numeric", month: "short" });
}

/**
 * Makes what the list's times are written with, while the engine opens: the first formatters of a page took 180 ms of a
 * start that was traced.
 *
 * @param nowMs ms since 1970
 */
export function prepareTimes(nowMs: number): void {
  for (const days of [0, 2, 30]) listTimeText(nowMs - days * dayMs, nowMs);
}

/** @returns when something was last used: for recent times with the time of day, else the date */
export function agoText(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs);
  if (days <= 0) return timeText(atMs);
  if (days === 1) return `${text("chat.yesterday").toLocaleLowerCase(language)} ${timeText(atMs)}`;
  return format(atMs, {
    day: "numeric",
    month: "short",
    ...(new Date(atMs).getFullYear() !== new Date(nowMs).getFullYear() && { year: "numeric" }),
  });
}
