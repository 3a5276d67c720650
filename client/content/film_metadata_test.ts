import assert from "node:assert/strict";
import { type Bytes, concat, equalBytes, utf8 } from "../../schema/bytes.ts";
import {
  filmHeadBytes,
  filmWithoutMetadata,
  isFilm,
  maxFilmBoxes,
  maxMovieBytes,
  maxZeroedBytes,
  maxZeroedParts,
} from "./film_metadata.ts";
import { box, filmOf, longBox, madeAt, placeAmongFrames, tables, track, uint32 } from "./testing/films.ts";
import { secret } from "./testing/pictures.ts";

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const occurrences = (bytes: Uint8Array, part: Uint8Array) => text(bytes).split(text(part)).length - 1;

async function cleaned(film: Bytes, size = film.length): Promise<Bytes | undefined> {
  const read = (from: number, to: number) => Promise.resolve(film.slice(from, to));
  const parts = await filmWithoutMetadata({ size, read });
  return parts && concat(...parts.map((part) => part instanceof Uint8Array ? part : film.slice(part.from, part.to)));
}

Deno.test("CONVERSATIONS: a film loses place, times and maker, and keeps its length and its frames", async () => {
  for (const version of [0, 1] as const) {
    const film = filmOf({ version });
    const left = (await cleaned(film))!;
    assert.equal(left.length, film.length);
    assert.equal(occurrences(film, utf8(secret)), 7);
    // Among the frames it is not metadata.
    assert.equal(occurrences(left, utf8(secret)), 1);
    for (const gone of ["xmpmeta", "Phone 9", "ISO6709"]) assert.ok(!text(left).includes(gone), gone);
    assert.equal(occurrences(film, uint32(madeAt)), 6);
    assert.equal(occurrences(left, uint32(madeAt)), 0);
    for (const kept of ["frames", "rate", "shown", "scale", "vide", "stbl"]) assert.ok(text(left).includes(kept), kept);
    assert.equal(text(left).indexOf("mdat"), text(film).indexOf("mdat"));
    assert.deepEqual(await cleaned(left), left, "a second time changes nothing");
  }
});

Deno.test("CONVERSATIONS: what a camera measures beside the frames goes with its track", async () => {
  const at = placeAmongFrames;
  for (const isLong of [false, true]) {
    const film = filmOf({ tracks: [track("meta", tables([at, at + 8], 8, isLong))] });
    const left = (await cleaned(film))!;
    assert.equal(left.length, film.length);
    const frames = text(left.subarray(36, 36 + 14 + secret.length));
    assert.equal(frames, `frames ${"\0".repeat(16)}${secret.slice(16)} frames`);
    assert.equal(text(left).split("trak").length - 1, 1);
  }
  const wrong = [
    ["outside of the frames", tables([4], 8)],
    ["no tables", utf8("")],
    ["more chunks than it has", box("stco", uint32(0), uint32(9))],
    ["samples that are nowhere", tables([at], 8).fill(9, 19, 20)],
  ] as const;
  for (const [what, samples] of wrong) {
    assert.equal(await cleaned(filmOf({ tracks: [track("meta", samples)] })), undefined, what);
  }
  const inFragments = { tracks: [track("meta", tables([at], 8))], inMovie: [box("mvex")] };
  assert.equal(await cleaned(filmOf(inFragments)), undefined, "its samples are named elsewhere");
});

Deno.test("CONVERSATIONS: fragments of a film stay, and a last box without a size goes to the end", async () => {
  const fragment = concat(box("sidx", utf8("index")), box("moof", box("mfhd")), box("mdat", utf8("more")));
  const rest = concat(uint32(0), utf8("mdat the rest of the frames"));
  const left = (await cleaned(filmOf({ inMovie: [box("mvex")], end: [fragment, rest] })))!;
  assert.ok(text(left).endsWith(text(concat(fragment, rest))));
  const said = concat(uint32(0), utf8(`meta${secret}`));
  const gone = (await cleaned(filmOf({ end: [said] })))!;
  assert.ok(text(gone).endsWith(`free${"\0".repeat(secret.length)}`));
});

Deno.test("CONVERSATIONS: a film whose boxes lie, or are too many, is not cleaned", async () => {
  const film = filmOf();
  for (let length = 0; length < film.length; length++) {
    assert.equal(await cleaned(film.slice(0, length)), undefined, `cut at ${length}`);
  }
  const lying: [string, Uint8Array[]][] = [
    ["longer than the file", [uint32(100), utf8("uuid")]],
    ["shorter than its head", [uint32(7), utf8("uuid")]],
    ["of 64 bits, without them", [uint32(1), utf8("uuid")]],
    ["of 64 bits, shorter than its head", [uint32(1), utf8("uuid"), uint32(0), uint32(15)]],
    ["of 64 bits, longer than any file", [uint32(1), utf8("uuid"), uint32(0xffff_ffff), uint32(15)]],
    ["no name", [uint32(8), Uint8Array.of(0, 1, 2, 3)]],
    ["a second list of tracks", [box("moov")]],
    ["less than a head", [uint32(8)]],
  ];
  for (const [what, end] of lying) assert.equal(await cleaned(filmOf({ end })), undefined, what);
  assert.equal(await cleaned(filmOf({ inMovie: [uint32(0), utf8("udta")] })), undefined, "inside, to the end");
  assert.equal(await cleaned(filmOf({ inMovie: [longBox("udta").fill(255, 8, 12)] })), undefined, "inside, too long");
  assert.equal(await cleaned(box("moov", box("cmov"))), undefined, "compressed");
  const many = Array.from({ length: maxFilmBoxes }, () => box("free"));
  assert.equal(await cleaned(filmOf({ end: [concat(...many)] })), undefined, "too many");
  assert.equal(await cleaned(filmOf({ inMovie: [concat(...many)] })), undefined, "too many inside");
  const nested = Array.from({ length: 5_000 }).reduce<Bytes>((inner) => box("udta", inner), utf8(secret));
  assert.ok(!text((await cleaned(filmOf({ inMovie: [nested] })))!).includes("udta"), "depth costs nothing");
  assert.equal(await cleaned(film, 2 ** 40), undefined, "the file has become shorter");
});

Deno.test("CONVERSATIONS: of a film of gigabytes only heads and its moov are read, within bounds", async () => {
  const head = concat(box("ftyp", utf8("isom"), uint32(0)), uint32(1), utf8("mdat"), uint32(1), uint32(0));
  const end = filmOf().subarray(20);
  const rest = end.subarray(new DataView(end.buffer, end.byteOffset).getUint32(12));
  const start = head.length - 16 + 2 ** 32;
  const read = (from: number, to: number) => {
    assert.ok(to - from < 2_000, "little at once");
    return Promise.resolve(from < start ? head.slice(from, to) : rest.slice(from - start, to - start));
  };
  const parts = await filmWithoutMetadata({ size: start + rest.length, read });
  assert.deepEqual(parts![0], { from: 0, to: start + 4 });
  const sparse = (type: string, length: number) => {
    const start = concat(uint32(length), utf8(type));
    const read = (from: number, to: number) =>
      Promise.resolve(from === 0 ? concat(start, new Uint8Array(to - 8)) : rest.slice(from - length, to - length));
    return filmWithoutMetadata({ size: length + rest.length, read });
  };
  assert.ok(await sparse("uuid", maxZeroedBytes - 200));
  assert.equal(await sparse("uuid", maxZeroedBytes + 200), undefined);
  const large = (length: number) =>
    filmWithoutMetadata({ size: length, read: (_, to) => Promise.resolve(movieOf(length).subarray(0, to)) });
  assert.ok(await large(maxMovieBytes));
  assert.equal(await large(maxMovieBytes + 1), undefined);
});

/** A list of tracks of that length. */
const movieOf = (length: number) => {
  const inside = track("vide", utf8(""));
  const rest = length - 8 - inside.length;
  const heads = concat(uint32(length), utf8("moov"), inside, uint32(rest), utf8("free"));
  return concat(heads, new Uint8Array(length - heads.length));
};

Deno.test("CONVERSATIONS: a film whose metadata lies in too many parts is not cleaned", async () => {
  const frames = box("mdat", new Uint8Array(2 * maxZeroedParts + 2).fill(7));
  // Every second byte, so that no two of them lie side by side.
  const filmWith = (parts: number) => {
    const places = Array.from({ length: parts }, (_, index) => 8 + 2 * index);
    return concat(frames, box("moov", track("vide", utf8("")), track("meta", tables(places, 1))));
  };
  const left = (await cleaned(filmWith(maxZeroedParts)))!;
  assert.deepEqual([...left.subarray(8, 12)], [0, 7, 0, 7]);
  assert.equal(await cleaned(filmWith(maxZeroedParts + 1)), undefined);
});

Deno.test("CONVERSATIONS: pictures and sounds of the same boxes are no films", () => {
  const startOf = (...brands: string[]) =>
    box("ftyp", utf8(brands[0]), uint32(0), ...brands.slice(1).map(utf8)).subarray(0, filmHeadBytes);
  for (const brand of ["qt  ", "isom", "mp42", "M4V ", "3gp5"]) assert.ok(isFilm(startOf(brand, "isom")), brand);
  for (const brand of ["heic", "mif1", "msf1", "avif", "avis", "crx ", "M4A "]) {
    assert.ok(!isFilm(startOf(brand)), brand);
    assert.ok(!isFilm(startOf("isom", brand)), `also ${brand}`);
  }
  assert.ok(isFilm(box("moov")));
  for (const words of ["", "abc", "no film at all"]) assert.ok(!isFilm(utf8(words)));
  assert.ok(equalBytes(filmOf({ brand: "mp42" }).subarray(8, 12), utf8("mp42")));
});
