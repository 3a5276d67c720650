/** A file that was chosen for a message, and what the page knows of it before it is sent. */

import type { AttachmentInfo, AttachmentKind, OutgoingFile } from "../../../client/api/attachments.ts";

export interface ChosenFile {
  /** Within this page. */
  id: number;
  name: string;
  type: string;
  kind: AttachmentKind;
  /** Bytes. */
  size: number;
  file: File | undefined;
  /** It needs no preparation: it was made here. */
  ready?: OutgoingFile;
  /** The address of a small picture. */
  preview?: string;
  /** What its line shows before it is on its way. */
  shown?: Pick<AttachmentInfo, "width" | "height" | "durationMs" | "thumbhash" | "waveform">;
  /** It goes as it is, and such files often say where they were made. False: what it says of that is taken out. */
  mayTellPlace?: boolean;
}

/** Files that go in one message. */
export interface ChosenFiles {
  files: readonly ChosenFile[];
  /** Pictures keep their size. */
  original: boolean;
}

/** @returns what the line of a message says of its files while this page alone has them */
export function infoOf({ name, type, kind, size, shown }: ChosenFile): AttachmentInfo {
  return { name, type, kind, size, ...shown };
}
