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
 * @returns the attachment's bytes from there to its end, checked. A piece is asked for when it is read; from the second
 *   one on, the next is asked for as well. It fails with the EngineError of `attachmentPiece`
 */
export function attachmentStream(
  engine: Pick<EngineApi, "attachmentPiece">,
  { chatId, message, index, size }: AttachmentPlace,
  from = 0,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = from;
  /** On its way while the reader is busy with the one before. A player that looks into a file alone wants none. */
  let next: Promise<Uint8Array<ArrayBuffer>> | undefined;
  const ask = (piece: number) => engine.attachmentPiece(chatId, message, index, piece);
  return new ReadableStream({
    async pull(controller) {
      if (at < size) {
        const piece = Math.floor(at / attachmentPieceBytes);
        const asked = next ?? ask(piece);
        next = undefined;
        const bytes = await asked;
        controller.enqueue(bytes.subarray(at - piece * attachmentPieceBytes));
        const readsOn = at !== from;
        at = (piece + 1) * attachmentPieceBytes;
        if (readsOn && at < size) {
          next = ask(piece + 1);
          // Whoever reads on hears of it.
          next.catch(() => {});
        }
      }
      if (at >= size) controller.close();
    },
  }, { highWaterMark: 0 });
}
