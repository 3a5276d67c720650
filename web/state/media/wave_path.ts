/** Draws the peaks of a voice message as one path. Pure. */

/** Bars of a message whose sender gave none. */
const unknownPeaks = 40;
/** Each bar is 3 wide and 2 apart, in a view of 28 high. */
export const waveHeight = 28;
const barWidth = 3;
const pitch = 5;
const lowest = 3;

/** @returns the number of bars */
export function barsOf(waveform: Uint8Array | undefined): number {
  return waveform?.length || unknownPeaks;
}

/** @returns the width of the view for so many bars */
export function waveWidth(bars: number): number {
  return bars * pitch - (pitch - barWidth);
}

/**
 * @param waveform peaks, 0 to 255; absent: a flat line
 * @param from bar @param to the bar behind the last
 * @returns the path of these bars
 */
export function wavePath(waveform: Uint8Array | undefined, from: number, to: number): string {
  let path = "";
  for (let bar = Math.max(0, from); bar < Math.min(to, barsOf(waveform)); bar++) {
    const peak = waveform?.[bar] ?? 0;
    const height = Math.round(lowest + (waveHeight - lowest) * peak / 255);
    path += `M${bar * pitch + barWidth / 2} ${(waveHeight - height) / 2 + barWidth / 2}v${
      Math.max(0, height - barWidth)
    }`;
  }
  return path;
}
