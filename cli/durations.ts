/** Durations as the command line has them: 30s, 5m, 1h, 1d, 4w. */

const units = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** @returns ms; undefined for what is no duration */
export function readDuration(written: string): number | undefined {
  const found = /^(\d{1,9})([smhdw])$/.exec(written);
  return found ? Number(found[1]) * units[found[2] as keyof typeof units] : undefined;
}

/** @param durationMs whole seconds, in ms @returns it in the largest unit that is whole */
export function writeDuration(durationMs: number): string {
  const [unit, unitMs] = Object.entries(units).find(([, ms]) => durationMs >= ms && durationMs % ms === 0) ??
    ["s", units.s];
  return `${durationMs / unitMs}${unit}`;
}

/** @param timerMs of a chat, in ms @returns the setting as `qpq timer` takes it */
export function writeTimer(timerMs: number | undefined): string {
  return timerMs === undefined ? "off" : writeDuration(timerMs);
}

/** @returns the timer that a chat is to have, in ms, undefined for none; "wrong" for anything else */
export function readTimer(written: string): number | undefined | "wrong" {
  return written === "off" ? undefined : readDuration(written) ?? "wrong";
}
