/** Durations in words of the page's language, and those that a chat's timer offers. */

import { language } from "../i18n/language.ts";

const units = [["week", 604_800_000], ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const;

/** What a chat's timer offers, in ms. */
export const timerChoices: readonly number[] = [
  30_000,
  5 * 60_000,
  3_600_000,
  8 * 3_600_000,
  86_400_000,
  7 * 86_400_000,
  28 * 86_400_000,
];

/** @param durationMs whole seconds, in ms @returns "4 weeks", "30 seconds": in the largest unit that is whole */
export function durationText(durationMs: number): string {
  const [unit, unitMs] = units.find(([, ms]) => durationMs >= ms && durationMs % ms === 0) ?? ["second", 1_000];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(durationMs / unitMs);
}
