/** Sizes, lengths and types of files in words of the page's language. Pure. */

import { language } from "../i18n/language.ts";

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** @param bytes of a file @returns "830 byte", "1.2 MB": three figures at most */
export function sizeText(bytes: number): string {
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[step],
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step === 0 || value >= 10 ? 0 : 1,
  }).format(value);
}

/** @returns e.g. "45%"; less than all is never said to be all */
export function shareText(done: number, total: number): string {
  const share = total === 0 ? 0 : done < total ? Math.min(0.99, Math.floor(100 * done / total) / 100) : 1;
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/** @param seconds of a recording @returns "0:07", "1:02:45" */
export function lengthText(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** @returns the ending of a file's name in large letters: what people call its type; undefined where it has none */
export function typeText(name: string): string | undefined {
  return /\.([a-z0-9]{1,8})$/i.exec(name)?.[1].toUpperCase();
}
