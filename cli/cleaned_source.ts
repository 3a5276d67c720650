/** What `send` sends of a picture or a film: what it says of place, time and camera stays on this device. */

import type { FileSource } from "../client/api/attachments.ts";
import { LocalCode } from "../client/api/errors.ts";
import { isNamedAsPicture } from "../client/content/media_type.ts";
import { filmHeadBytes, isFilm } from "../client/content/film_metadata.ts";
import { headBytes, readPictureHeader } from "../client/content/picture_header.ts";
import { isStripped, maxPictureBytes, withoutMetadata } from "../client/content/strip_metadata.ts";
import type { ReadFile } from "./caller_files.ts";
import { Failure } from "./failure.ts";
import { cleanedFilm } from "./film_source.ts";
import { exitCodes } from "./usage.ts";

/** A file that is to be sent. It is never changed. */
export interface NamedFile {
  path: string;
  name: string;
  /** By its name. */
  type: string;
  source: ReadFile;
}

/**
 * @returns a picture without its metadata, its pixels as they are, or a film without it; undefined for what is neither:
 *   it goes as it is
 * @throws Failure L039 where the metadata of a picture or a film can not be taken out: nobody has said that it may go
 */
export async function cleanedSource({ path, name, type, source }: NamedFile): Promise<FileSource | undefined> {
  const head = await firstBytes(source, headBytes);
  if (!type.startsWith("audio/") && isFilm(head.subarray(0, filmHeadBytes))) {
    return await cleanedFilm(source) ?? raise(stays(path));
  }
  const header = readPictureHeader(head);
  if (!header && !isNamedAsPicture(name, type)) return undefined;
  if (!header || !isStripped(header.format) || source.size > maxPictureBytes) throw stays(path);
  const bytes = await firstBytes(source, source.size);
  return withoutMetadata(bytes, header.format, header.orientation) ?? raise(stays(path));
}

function raise(failure: Failure): never {
  throw failure;
}

const stays = (path: string) =>
  new Failure(
    exitCodes.failed,
    `--file: ${path} may say where it was taken, and that can not be taken out`,
    "--with-metadata sends it as it is",
    LocalCode.badFile,
  );

/** @returns the bytes with which a file begins; fewer where it ends before */
async function firstBytes(file: ReadFile, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.min(file.size, length));
  let filled = 0;
  for await (const piece of file.stream()) {
    const taken = piece.subarray(0, bytes.length - filled);
    bytes.set(taken, filled);
    filled += taken.length;
    if (filled === bytes.length) break;
  }
  return bytes.subarray(0, filled);
}
