/**
 * Takes out of a film (MP4, QuickTime: ISO/IEC 14496-12) what says where, when and by what it was made. What is kept is
 * listed. The film keeps its length, so that no place in it changes: what goes becomes a box `free` of zeros. Of the
 * film only heads of boxes and its `moov` are read. Pure.
 */

import { type Bytes, utf8 } from "../../schema/bytes.ts";
import { type Box, boxAt, boxesIn, boxHeadBytes, typeAt } from "./boxes.ts";
import { type Range, samplesOf } from "./film_samples.ts";

/** Bytes of a film's `moov`, which is read as a whole. */
export const maxMovieBytes = 64 * 1024 * 1024;
/** Boxes of a film, and boxes in one box, that are looked at. */
export const maxFilmBoxes = 20_000;
/** Bytes outside of `moov` that become zeros, and parts in which they lie. */
export const maxZeroedBytes = 64 * 1024 * 1024;
export const maxZeroedParts = 20_000;
/** So many first bytes tell a film: its brands. */
export const filmHeadBytes = 4_096;

/** A file that is read in parts. */
export interface FilmFile {
  /** Bytes. */
  size: number;
  /** @returns the bytes up to `to`; fewer where the file has become shorter. They may be changed */
  read(from: number, to: number): Promise<Bytes>;
}

/** Bytes in place of the film's own, or its own. */
export type FilmPart = Bytes | Range;

/** Pictures (HEIF, AVIF, raw) and sounds that are made of the same boxes. */
const otherBrands = /^(avi[fos]|hei[cxms]|hev[cxms]|mi[af][12f]|msf1|crx |M4[ABP] |aax )$/;
/** What a film begins with that is older than brands. */
const oldStarts = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"]);

const namesOf = (names: string) => new Set(names.split(" "));
/** What frames are found by, and the frames. */
const keptInFile = namesOf("ftyp styp pdin moov mdat wide moof mfra sidx ssix");
const keptInMovie = namesOf("mvhd trak mvex iods pssh clip ctab");
const keptInTrack = namesOf("tkhd tref trgr edts mdia tapt clip matt load imap");
/** Pictures, sound, and words to be read with them. Other tracks are metadata of cameras: places, sensors, times. */
const keptTracks = namesOf("vide auxv pict soun sbtl subt text clcp");

/** @param head a file's first {@link filmHeadBytes}, or all of it @returns whether it is a film of such boxes */
export function isFilm(head: Uint8Array): boolean {
  const first = typeAt(head, 4);
  if (first !== "ftyp") return oldStarts.has(first);
  const end = Math.min(new DataView(head.buffer, head.byteOffset).getUint32(0), head.length);
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) if (otherBrands.test(typeAt(head, at))) return false;
  return true;
}

/**
 * @returns what makes the film without its metadata, of the same length; undefined where it is not built as it should
 *   be, or more than the bounds would have to be read or written
 */
export async function filmWithoutMetadata(film: FilmFile): Promise<FilmPart[] | undefined> {
  const boxes = await boxesOf(film);
  const [movie, ...others] = boxes?.filter(({ type }) => type === "moov") ?? [];
  if (!boxes || !movie || others.length > 0 || movie.end - movie.at > maxMovieBytes) return undefined;
  const bytes = await film.read(movie.at, movie.end);
  if (bytes.length !== movie.end - movie.at) return undefined;
  const samples = cleanMovie(bytes, { ...movie, at: 0, body: movie.body - movie.at, end: bytes.length });
  const isFrame = ({ from, to }: Range) =>
    boxes.some(({ type, body, end }) => type === "mdat" && from >= body && to <= end);
  const merged = samples && mergedRanges(samples);
  if (!merged?.every(isFrame)) return undefined;
  const dropped = boxes.filter(({ type }) => !keptInFile.has(type));
  const zeroed = [...merged, ...dropped.map(({ body, end }) => ({ from: body, to: end }))];
  if (zeroed.length > maxZeroedParts) return undefined;
  if (zeroed.reduce((sum, { from, to }) => sum + to - from, 0) > maxZeroedBytes) return undefined;
  return partsOf(film.size, [
    { from: movie.at, bytes },
    ...dropped.map(({ at }) => ({ from: at + 4, bytes: utf8("free") })),
    ...zeroed.map(({ from, to }) => ({ from, bytes: new Uint8Array(to - from) })),
  ]);
}

/** The boxes of the file itself, by their heads alone. */
async function boxesOf({ size, read }: FilmFile): Promise<Box[] | undefined> {
  const found: Box[] = [];
  for (let at = 0; at < size;) {
    const box = boxAt(await read(at, Math.min(at + boxHeadBytes, size)), at, size, true);
    if (!box || found.length === maxFilmBoxes || !/^[\x20-\x7e\xa9]{4}$/.test(box.type)) return undefined;
    found.push(box);
    at = box.end;
  }
  return found;
}

/** Makes zeros of what goes, in place. @returns where samples of metadata lie; undefined where a box lies */
function cleanMovie(bytes: Bytes, movie: Box): Range[] | undefined {
  const boxes = boxesIn(bytes, movie, maxFilmBoxes);
  const tracks = boxes?.filter(({ type }) => type === "trak") ?? [];
  // Without tracks it may be a film that has all of this compressed (QuickTime's cmov).
  if (!boxes || tracks.length === 0) return undefined;
  const isInFragments = boxes.some(({ type }) => type === "mvex");
  const samples: Range[] = [];
  for (const track of tracks) {
    const found = cleanTrack(bytes, track, maxZeroedParts - samples.length);
    // The samples of fragments are named by the fragments.
    if (!found || (found.isDropped && isInFragments)) return undefined;
    for (const range of found.samples) samples.push(range);
  }
  for (const box of boxes) {
    if (!keptInMovie.has(box.type)) drop(bytes, box);
    else if (box.type === "mvhd" && !clearTimes(bytes, box)) return undefined;
  }
  return samples;
}

function cleanTrack(bytes: Bytes, track: Box, most: number): { isDropped: boolean; samples: Range[] } | undefined {
  const boxes = boxesIn(bytes, track, maxFilmBoxes);
  const media = boxes?.find(({ type }) => type === "mdia");
  const inMedia = media && boxesIn(bytes, media, maxFilmBoxes);
  const handler = inMedia?.find(({ type }) => type === "hdlr");
  if (!boxes || !inMedia || !handler || handler.end - handler.body < 12) return undefined;
  if (!keptTracks.has(typeAt(bytes, handler.body + 8))) {
    const samples = samplesOf(bytes, media, most);
    drop(bytes, track);
    return samples && { isDropped: true, samples };
  }
  for (const box of boxes) if (!keptInTrack.has(box.type)) drop(bytes, box);
  const withTimes = [...boxes, ...inMedia].filter(({ type }) => type === "tkhd" || type === "mdhd");
  return withTimes.every((box) => clearTimes(bytes, box)) ? { isDropped: false, samples: [] } : undefined;
}

function drop(bytes: Bytes, { at, body, end }: Box): void {
  bytes.set(utf8("free"), at + 4);
  bytes.fill(0, body, end);
}

/** When it was made, and changed (§8.2.2, §8.3.2, §8.4.2): behind version and flags. */
function clearTimes(bytes: Bytes, { body, end }: Box): boolean {
  const length = [8, 16][bytes[body]];
  if (length === undefined || end - body < 4 + length) return false;
  bytes.fill(0, body + 4, body + 4 + length);
  return true;
}

function mergedRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const { from, to } of ranges.toSorted((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else if (to > from) merged.push({ from, to });
  }
  return merged;
}

function partsOf(size: number, changes: { from: number; bytes: Bytes }[]): FilmPart[] {
  const parts: FilmPart[] = [];
  let at = 0;
  for (const { from, bytes } of changes.toSorted((one, other) => one.from - other.from)) {
    if (bytes.length === 0) continue;
    if (from > at) parts.push({ from: at, to: from });
    parts.push(bytes);
    at = from + bytes.length;
  }
  return at < size ? [...parts, { from: at, to: size }] : parts;
}
