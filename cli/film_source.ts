/** A film that is sent without its metadata. Files of callers can be read from their start alone, and so all are. */

import { type Bytes, concat } from "../schema/bytes.ts";
import type { FileSource } from "../client/api/attachments.ts";
import { boxHeadBytes } from "../client/content/boxes.ts";
import { type FilmPart, filmWithoutMetadata } from "../client/content/film_metadata.ts";
import type { ReadFile } from "./caller_files.ts";

/** @returns the film without its metadata; undefined where that can not be taken out */
export async function cleanedFilm(film: ReadFile): Promise<FileSource | undefined> {
  const { read, end } = readerOf(film);
  try {
    const parts = await filmWithoutMetadata({ size: film.size, read });
    return parts && { size: film.size, stream: () => ReadableStream.from(changed(film, parts)) };
  } finally {
    await end();
  }
}

/** Reads forwards as far as it can, and begins anew where it is asked for earlier bytes. */
function readerOf(film: ReadFile) {
  let reader: ReadableStreamDefaultReader<Bytes> | undefined;
  let [held, start] = [new Uint8Array(0), 0];
  const end = async () => void await reader?.cancel();
  const read = async (from: number, to: number): Promise<Bytes> => {
    if (!reader || from < start) {
      await end();
      reader = film.stream().getReader();
      [held, start] = [new Uint8Array(0), 0];
    }
    const found: Bytes[] = [];
    for (let at = from;;) {
      const part = held.slice(Math.min(at - start, held.length), to - start);
      found.push(part);
      at += part.length;
      const { value } = at < to ? await reader.read() : {};
      if (!value) return concat(...found);
      // The next box may begin within the head that was read last.
      const kept = held.subarray(Math.max(0, held.length - boxHeadBytes));
      [held, start] = [concat(kept, value), start + held.length - kept.length];
    }
  };
  return { read, end };
}

/** The film's bytes, and those in place of them. */
async function* changed(film: ReadFile, parts: readonly FilmPart[]): AsyncGenerator<Bytes> {
  let [index, within] = [0, 0];
  for await (const piece of film.stream()) {
    for (let taken = 0; taken < piece.length;) {
      const part = parts[index];
      // The file has become longer: who reads this counts, and refuses it.
      if (!part) return yield piece.slice(taken);
      const length = part instanceof Uint8Array ? part.length : part.to - part.from;
      const count = Math.min(piece.length - taken, length - within);
      yield part instanceof Uint8Array ? part.slice(within, within + count) : piece.slice(taken, taken + count);
      [taken, within] = [taken + count, within + count];
      if (within === length) [index, within] = [index + 1, 0];
    }
  }
}
