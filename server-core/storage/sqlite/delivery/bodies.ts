/**
 * Bodies. Each is stored once, however many queues refer to it, and deleted with the last entry that refers
 * to it.
 */

import type { Bytes } from "../../../../schema/bytes.ts";
import type { Database } from "../database.ts";

/** The bytes of one piece. A body up to this size is in its entry. */
export const pieceBytes = 64 * 1024;

/** Piece keys of one body are body * this + index; 1,024 pieces are four times the largest commit. */
const piecesPerBody = 1024;

/**
 * @param refs how many entries will refer to it, at least 1
 * @param place of a message: its place in the channel; else 0
 * @returns the body's number
 */
export function storeBody(db: Database, bytes: Uint8Array, refs: number, place = 0): number {
  const body = db.run("INSERT INTO bodies (length, refs, place) VALUES (?, ?, ?)", bytes.length, refs, place)
    .lastInsertRowid;
  for (let index = 0; index * pieceBytes < bytes.length; index++) {
    db.run(
      "INSERT INTO body_pieces (piece, bytes) VALUES (?, ?)",
      body * piecesPerBody + index,
      bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    );
  }
  return body;
}

/** @returns the piece, or undefined after the last one */
export function readPiece(db: Database, body: number, index: number): Bytes | undefined {
  if (index >= piecesPerBody) return undefined;
  return db.get<{ bytes: Bytes }>("SELECT bytes FROM body_pieces WHERE piece = ?", body * piecesPerBody + index)?.bytes;
}

/**
 * Removes one reference, and the body with the last one.
 *
 * @returns the body's length in bytes, and whether it was deleted
 */
export function releaseBody(db: Database, body: number): { length: number; isGone: boolean } {
  const { refs, length } = db.get<{ refs: number; length: number }>(
    "UPDATE bodies SET refs = refs - 1 WHERE body = ? RETURNING refs, length",
    body,
  )!;
  if (refs === 0) {
    db.run("DELETE FROM bodies WHERE body = ?", body);
    db.run("DELETE FROM body_pieces WHERE piece BETWEEN ? AND ?", body * piecesPerBody, (body + 1) * piecesPerBody - 1);
  }
  return { length, isGone: refs === 0 };
}
