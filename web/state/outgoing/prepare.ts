/** What is done with files between choosing and sending them. Loaded when the first one is chosen. */

import type { OutgoingFile } from "../../../client/api/attachments.ts";
import { isNamedAsPicture, kindOf, mediaType } from "../../../client/content/media_type.ts";
import { isStripped } from "../../../client/content/strip_metadata.ts";
import type { ChosenFile, ChosenFiles } from "./chosen_file.ts";
import { mediaFacts } from "./media_facts.ts";
import { decode, headerOf, isDecodable, previewOf, shownOf } from "./picture_work.ts";
import { cleanedFilm, filmToSend, isFilmFile } from "./prepare_film.ts";
import { asFile, preparePicture } from "./prepare_picture.ts";

/** @returns what is known of a file by looking into it: its kind, a small picture. Never rejects */
export async function lookAt(file: File): Promise<Pick<ChosenFile, "kind" | "shown" | "mayTellPlace" | "preview">> {
  const type = mediaType(file.type);
  const kind = kindOf(type, false);
  // By its bytes: a system that does not know an ending gives no type.
  const isFilm = kind !== "audio" && await isFilmFile(file).catch(() => false);
  const isCleaned = isFilm && await cleanedFilm(file).catch(() => undefined) !== undefined;
  if (kind === "video" || kind === "audio") {
    const { shown, preview } = await mediaFacts(file, kind);
    return { kind, shown, ...addressOf(preview), mayTellPlace: kind === "video" && !isCleaned };
  }
  if (isFilm) return { kind: "file", mayTellPlace: !isCleaned };
  const header = await headerOf(file).catch(() => undefined);
  const mayTellPlace = (header !== undefined && !isStripped(header.format)) || isNamedAsPicture(file.name, type);
  const asItIs = { kind: "file", ...(mayTellPlace && { mayTellPlace }) } as const;
  if (!header || !isDecodable(header, file.size)) return asItIs;
  const picture = await decode(file).catch(() => undefined);
  if (!picture) return asItIs;
  try {
    return { kind: "image", shown: shownOf(picture), ...addressOf(await previewOf(picture)) };
  } catch {
    return { kind: "image" };
  } finally {
    picture.close();
  }
}

function addressOf(preview: Blob | undefined): { preview?: string } {
  return preview ? { preview: URL.createObjectURL(preview) } : {};
}

/**
 * Makes of chosen files what is sent, one after the other: pictures take memory.
 *
 * @param signal ends it between two files
 * @throws the signal's reason; DOMException where a file can not be read any more; Error where it can not be cleaned,
 *   and nobody was told
 */
export async function prepareFiles({ files, original }: ChosenFiles, signal: AbortSignal): Promise<OutgoingFile[]> {
  const prepared: OutgoingFile[] = [];
  for (const { file, ready, kind, shown, mayTellPlace } of files) {
    signal.throwIfAborted();
    if (ready) prepared.push(ready);
    else if (file && kind !== "audio" && await isFilmFile(file)) {
      prepared.push({ ...asFile(file), source: await filmToSend(file, mayTellPlace), ...shown });
    } else if (file && (kind === "video" || kind === "audio")) prepared.push({ ...asFile(file), ...shown });
    else if (file) prepared.push(await preparePicture(file, original, kind === "image"));
  }
  signal.throwIfAborted();
  return prepared;
}
