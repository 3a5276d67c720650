/** Makes a stream of an attachment's pieces, wherever the engine runs: pieces cross tabs, a stream can not. */

import type { AttachmentInfo } from "./attachments.ts";
import type { EngineApi, MessageRef } from "./engine_api.ts";

/** Bytes of a piece (specification §7.7). */
export const attachmentPieceBytes = 1024 * 1024;

/** An attachment of a message. */
export interface AttachmentPlace {
  chatId: string;
  message: MessageRef;
  /** of the attachment */
  index: number;
  /** Its size, bytes. */
  size: AttachmentInfo["size"];
}

/**
 * @param from where to begin, bytes
 * @returns the attachment's bytes from there to its end, checked; one piece is asked for at a time, when it is read.
 *   It fails with the EngineError of `attachmentPiece`
 */
export function attachmentStream(
  engine: Pick<EngineApi, "attachmentPiece">,
  { chatId, message, index, size }: AttachmentPlace,
  from = 0,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = from;
  return new ReadableStream({
    async pull(controller) {
      if (at < size) {
        const piece = Math.floor(at / attachmentPieceBytes);
        const bytes = await engine.attachmentPiece(chatId, message, index, piece);
        controller.enqueue(bytes.subarray(at - piece * attachmentPieceBytes));
        at = (piece + 1) * attachmentPieceBytes;
      }
      if (at >= size) controller.close();
    },
  }, { highWaterMark: 0 });
}
