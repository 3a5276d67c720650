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
const formatters = new Map<Intl.DateTimeFormatOptions, Intl.DateTimeFormat>();
/** Whose formatters they are: a browser gives the same list until the user chooses other languages. */
let kept: { language?: string; languages?: readonly string[]; tag?: string } = {};

/** @param options one of those below: each has one formatter */
function format(atMs: number, options: Intl.DateTimeFormatOptions): string {
  const languages = globalThis.navigator?.languages;
  if (kept.language !== language || kept.languages !== languages) {
    kept = { language, languages, tag: variety() };
    formatters.clear();
  }
  let formatter = formatters.get(options);
  if (!formatter) formatters.set(options, formatter = new Intl.DateTimeFormat(kept.tag, options));
  return formatter.format(atMs);
}

const clock: Intl.DateTimeFormatOptions = { timeStyle: "short" };
const moment: Intl.DateTimeFormatOptions = { dateStyle: "full", timeStyle: "short" };
const longDay: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long" };
const longDayOfYear: Intl.DateTimeFormatOptions = { ...longDay, year: "numeric" };
const weekday: Intl.DateTimeFormatOptions = { weekday: "short" };
const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const dayOfYear: Intl.DateTimeFormatOptions = { ...day, year: "numeric" };

const isSameYear = (atMs: number, nowMs: number) => new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();

/** @param atMs ms since 1970 @returns the time of day in the user's language */
export const timeText = (atMs: number) => format(atMs, clock);
/** @param atMs ms since 1970 @returns date and time of day in the user's language */
export const momentText = (atMs: number) => format(atMs, moment);

/** @returns "Today", "Yesterday", or the date, with its year if it is another year */
export function dayText(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs);
  if (days === 0) return text("chat.today");
  if (days === 1) return text("chat.yesterday");
  return format(atMs, isSameYear(atMs, nowMs) ? longDay : longDayOfYear);
}

/** @returns for a list: today the time, this week the weekday, else the date */
export function listTimeText(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs);
  if (days <= 0) return timeText(atMs);
  if (days === 1) return text("chat.yesterday");
  return format(atMs, days < 7 ? weekday : day);
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
  return format(atMs, isSameYear(atMs, nowMs) ? day : dayOfYear);
}
