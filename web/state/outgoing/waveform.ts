/** The shape of a voice message. Pure. */

import { maxPeaks } from "../../../client/api/attachments.ts";

/** What is no louder is noise: it is not made to look like a voice. */
const faint = 0.02;

/**
 * @param levels 0 to 1, at even distances
 * @returns 64 peaks, 0 to 255, the loudest of each part; the loudest of all is 255. None for no level
 */
export function waveformOf(levels: readonly number[]): Uint8Array<ArrayBuffer> {
  if (levels.length === 0) return new Uint8Array();
  const loudest = Math.max(faint, levels.reduce((most, level) => Math.max(most, level), 0));
  return Uint8Array.from({ length: maxPeaks }, (_, index) => {
    const from = Math.floor(index * levels.length / maxPeaks);
    const to = Math.max(from + 1, Math.floor((index + 1) * levels.length / maxPeaks));
    const most = levels.slice(from, to).reduce((most, level) => Math.max(most, level), 0);
    return Math.min(255, Math.round(most / loudest * 255));
  });
}

/** @returns a level of 0 to 1 @param samples -1 to 1 */
export function levelOf(samples: Float32Array): number {
  return Math.min(1, samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
}
