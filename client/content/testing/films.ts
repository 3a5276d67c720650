/** Films for tests, built by hand, with the place where they were made in each box that can say it. */

import { type Bytes, concat, utf8 } from "../../../schema/bytes.ts";
import { secret } from "./pictures.ts";

/** A time in 2025, in seconds since 1904, as films say it. */
export const madeAt = 0xe3b2_5a11;

/** @returns a number in four bytes */
export const uint32 = (value: number): Bytes => concat(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));

/** @returns a box; `©` is one byte */
export function box(type: string, ...content: Uint8Array[]): Bytes {
  const body = concat(...content);
  return concat(uint32(8 + body.length), Uint8Array.from(type, (letter) => letter.charCodeAt(0)), body);
}

/** @returns a box whose size has 64 bits */
export function longBox(type: string, ...content: Uint8Array[]): Bytes {
  const body = concat(...content);
  return concat(uint32(1), utf8(type), uint32(0), uint32(16 + body.length), body);
}

const place = utf8(secret);
const times = (version: 0 | 1) =>
  version === 0
    ? concat(uint32(0), uint32(madeAt), uint32(madeAt))
    : concat(uint32(0x0100_0000), ...Array.from({ length: 2 }, () => concat(uint32(0), uint32(madeAt))));

/** @param samples tables of them @returns a track whose kind `handler` says */
export function track(handler: string, samples: Uint8Array, version: 0 | 1 = 0): Bytes {
  return box(
    "trak",
    box("tkhd", times(version), utf8("shown")),
    box("udta", box("\xa9xyz", place)),
    box("meta", place),
    box(
      "mdia",
      box("mdhd", times(version), utf8("scale")),
      box("hdlr", uint32(0), uint32(0), utf8(handler)),
      box("minf", box("stbl", samples)),
    ),
  );
}

/** @param places of one chunk each, in which there is one sample of so many bytes @returns tables of samples */
export function tables(places: readonly number[], bytes: number, isLong = false): Bytes {
  const count = uint32(places.length);
  const chunks = places.map((at) => isLong ? concat(uint32(0), uint32(at)) : uint32(at));
  return concat(
    box("stsz", uint32(0), uint32(0), count, ...places.map(() => uint32(bytes))),
    box("stsc", uint32(0), uint32(1), uint32(1), uint32(1), uint32(1)),
    box(isLong ? "co64" : "stco", uint32(0), count, ...chunks),
  );
}

/** @param options.brand the first one @param options.tracks beside that of the frames @returns a film with places */
export function filmOf({ brand = "qt  ", version = 0, tracks = [], inMovie = [], end = [] }: {
  brand?: string;
  version?: 0 | 1;
  tracks?: Uint8Array[];
  inMovie?: Uint8Array[];
  end?: Uint8Array[];
} = {}): Bytes {
  return concat(
    box("ftyp", utf8(brand), uint32(0), utf8("isom")),
    longBox("mdat", utf8("frames "), place, utf8(" frames")),
    box("uuid", new Uint8Array(16), utf8("<x:xmpmeta>"), place),
    box("free", place),
    box(
      "moov",
      box("mvhd", times(version), utf8("rate")),
      track("vide", utf8(""), version),
      ...tracks,
      box("udta", box("\xa9xyz", place), box("\xa9mod", utf8("Phone 9"))),
      box("meta", box("keys", utf8("com.apple.quicktime.location.ISO6709")), box("ilst", place)),
      ...inMovie,
    ),
    ...end,
  );
}

/** Where the place stands among the frames of {@link filmOf}, which is no metadata unless a track says so. */
export const placeAmongFrames = 20 + 16 + 7;
