/** Files in messages: what is shown of them, how they are sent, and how far that is. */

import type { Bytes } from "../../schema/bytes.ts";

/** Attachments of one message. */
export const maxAttachments = 30;

/** Peaks of a voice message's waveform. */
export const maxPeaks = 64;

export type AttachmentKind = "image" | "video" | "audio" | "voice" | "file";

/** What a message says of one of its files. All of it is its sender's word. */
export interface AttachmentInfo {
  /** A file name without folders, controls and signs that change the direction of writing. */
  name: string;
  /** A media type without parameters, in small letters. */
  type: string;
  /** By its type. A "voice" is an audio that was spoken for this message. */
  kind: AttachmentKind;
  /** Bytes. The content has exactly as many, or it does not open. */
  size: number;
  /** What can be seen, for who does not see it. */
  description?: string;
  /** Pixels, 1 to 65,535. */
  width?: number;
  height?: number;
  durationMs?: number;
  /** At most 100 bytes: a blurred small picture (evanw/thumbhash). */
  thumbhash?: Bytes;
  /** At most {@link maxPeaks}, 0 to 255. */
  waveform?: Bytes;
}

/** A file that is to be sent: a Blob, or what gives its bytes in order. */
export interface FileSource {
  /** Bytes. */
  readonly size: number;
  /** @returns exactly `size` bytes */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A file that is to be sent, and what is said of it. */
export interface OutgoingFile extends Omit<AttachmentInfo, "kind" | "size"> {
  source: FileSource;
  voice?: true;
}

/** How far the files of a message are on their way to the server. */
export interface Transfer {
  chatId: string;
  /** hex, 16 bytes */
  messageId: string;
  /**
   * "reading": they are encrypted into the device's own storage, and end with the tab. "sending": also after a reload.
   * "failed": with the code; {@link EngineApi.resumeTransfer} tries again. "done": the message itself goes now.
   */
  state: "reading" | "sending" | "paused" | "failed" | "done" | "cancelled";
  /** Bytes of all files of the message, of the present step. */
  done: number;
  total: number;
  errorCode?: string;
}
