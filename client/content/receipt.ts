/**
 * A receipt: what an account has received and read of a conversation (specification §7.9). It is cumulative: it names
 * the newest message of each, and stands for all before it. It has no line, so it is no kind.
 */

import type { Bytes } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { container, ownBody } from "./body.ts";
import type { MimiContent } from "./mimi_content.ts";

/** The content type of a receipt. */
export const receiptType = "application/vnd.quicproquo.receipt+cbor";
const idLength = 32;

/** MIMI ids of messages, 32 bytes each. What is absent has not changed. */
export interface Receipt {
  /** Its account has received all messages up to this one. */
  delivered?: Bytes;
  /** Its account has read all messages up to this one. */
  read?: Bytes;
}

/** @param salt 16 random bytes @returns the container of a receipt */
export function writeReceipt({ delivered, read }: Receipt, salt: Bytes): MimiContent {
  const content = encodeCbor({ ...(delivered && { delivered }), ...(read && { read }) });
  return container(salt, ownBody(receiptType, content));
}

/** @returns undefined for anything else; a receipt that is not as it should be says nothing */
export function readReceipt({ body }: MimiContent): Receipt | undefined {
  if (body.cardinality !== "single" || body.contentType !== receiptType) return undefined;
  try {
    const { delivered, read } = fieldsOf(decodeCbor(body.content));
    return { ...(isId(delivered) && { delivered }), ...(isId(read) && { read }) };
  } catch (error) {
    if (error instanceof MalformedError) return {};
    throw error;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  return isMap ? value as Record<string, unknown> : {};
}

function isId(value: unknown): value is Bytes {
  return value instanceof Uint8Array && value.length === idLength;
}
