/** Takes out of a film what says where it was made, before it is sent. Films are large: nothing of them is copied. */

import { filmHeadBytes, type FilmPart, filmWithoutMetadata, isFilm } from "../../../client/content/film_metadata.ts";

const read = async (file: Blob, from: number, to: number) => new Uint8Array(await file.slice(from, to).arrayBuffer());

/** @returns whether its first bytes are those of a film that can be cleaned. @throws DOMException */
export async function isFilmFile(file: Blob): Promise<boolean> {
  return isFilm(await read(file, 0, filmHeadBytes));
}

/**
 * @returns the film without its metadata, which refers to the parts of the file that stay; undefined where it is not
 *   built as it should be
 * @throws DOMException where the file can not be read any more
 */
export async function cleanedFilm(file: File): Promise<Blob | undefined> {
  const parts = await filmWithoutMetadata({ size: file.size, read: (from, to) => read(file, from, to) });
  const own = (part: FilmPart) => part instanceof Uint8Array ? part : file.slice(part.from, part.to);
  return parts && new Blob(parts.map(own), { type: file.type });
}

/**
 * @param mayTellPlace what was said of it before; undefined where nothing was
 * @returns the film without its metadata; or, where that can not be taken out, as it is
 * @throws Error where it can not be taken out and was said to be; DOMException where the file can not be read any more
 */
export async function filmToSend(file: File, mayTellPlace: boolean | undefined): Promise<Blob> {
  const cleaned = await cleanedFilm(file);
  if (!cleaned && mayTellPlace === false) throw new Error(`what ${file.name} says of itself can not be taken out`);
  return cleaned ?? file;
}
