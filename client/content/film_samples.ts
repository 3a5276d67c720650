/** Where the samples of a track lie in its file (ISO/IEC 14496-12 §8.7): cameras put metadata between the frames. */

import type { Bytes } from "../../schema/bytes.ts";
import { type Box, boxesIn } from "./boxes.ts";

/** Bytes of a file, `to` not among them. */
export interface Range {
  from: number;
  to: number;
}

/** Boxes in a table of samples: some dozen. */
const mostTables = 64;

/**
 * @param movie what has the track
 * @param media the track's box `mdia`
 * @param most ranges
 * @returns one range for each chunk of samples; undefined where the tables are not as they should be
 */
export function samplesOf(movie: Bytes, media: Box, most: number): Range[] | undefined {
  const inside = (parent: Box | undefined, type: string) =>
    parent && boxesIn(movie, parent, mostTables)?.find((box) => box.type === type);
  const table = inside(inside(media, "minf"), "stbl");
  const [sizes, groups] = [inside(table, "stsz"), inside(table, "stsc")];
  const chunks = inside(table, "stco") ?? inside(table, "co64");
  if (!sizes || !groups || !chunks) return undefined;
  try {
    return rangesOf(movie, { sizes, groups, chunks }, most);
  } catch (error) {
    // A table that is shorter than it says.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** @throws RangeError where a table is shorter than it says */
function rangesOf(movie: Bytes, tables: Record<"sizes" | "groups" | "chunks", Box>, most: number): Range[] | undefined {
  const viewOf = ({ body, end }: Box) => new DataView(movie.buffer, movie.byteOffset + body, end - body);
  const [sizes, groups, chunks] = [viewOf(tables.sizes), viewOf(tables.groups), viewOf(tables.chunks)];
  const [same, samples] = [sizes.getUint32(4), sizes.getUint32(8)];
  const [groupCount, chunkCount] = [groups.getUint32(4), chunks.getUint32(4)];
  if (chunkCount > most) return undefined;
  const isLong = tables.chunks.type === "co64";
  const found: Range[] = [];
  let [sample, group] = [0, -1];
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    while (group + 1 < groupCount && groups.getUint32(8 + 12 * (group + 1)) <= chunk + 1) group++;
    if (group < 0) return undefined;
    const count = groups.getUint32(8 + 12 * group + 4);
    if (count > samples - sample) return undefined;
    const from = isLong ? Number(chunks.getBigUint64(8 + 8 * chunk)) : chunks.getUint32(8 + 4 * chunk);
    let to = from + same * count;
    if (same === 0) { for (let at = sample; at < sample + count; at++) to += sizes.getUint32(12 + 4 * at); }
    sample += count;
    found.push({ from, to });
  }
  return sample === samples ? found : undefined;
}
