/** Lines, senders and containers for the tests of the kinds. */

import type { Bytes } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import type { Origin, Target } from "../content_kind.ts";
import { decodeMimiContent, encodeMimiContent, type MimiContent } from "../mimi_content.ts";
import { draftExamples } from "./examples.ts";

export const salt = new Uint8Array(16).fill(7);

/** A message id: 32 bytes, made with SHA-256 (the draft's §3.3). */
export const messageId = (byte: number): Bytes => Uint8Array.of(1, ...Array(31).fill(byte));

export const anna: Origin = { id: "01".padEnd(64, "a"), sender: "anna", senderKey: "aa".repeat(32), atMs: 1 };
export const bert: Origin = { id: "01".padEnd(64, "b"), sender: "bert", senderKey: "bb".repeat(32), atMs: 1 };

/** @returns a line of anna's, or a reaction on it */
export function lineOfAnna(content: MessageContent, partId?: string): Target {
  return {
    order: "00000000000a",
    messageId: "0a".repeat(16),
    senderKey: anna.senderKey,
    content,
    ...(partId !== undefined && { partId }),
  };
}

/** @returns the container as a receiver decodes it from its bytes */
export const received = (content: MimiContent): MimiContent => decodeMimiContent(encodeMimiContent(content));

/** @returns an example of the draft; undefined where the vectors are not at hand */
export function example(name: string): MimiContent | undefined {
  const bytes = draftExamples()?.get(name);
  return bytes && decodeMimiContent(bytes);
}

/** @returns what a reaction keeps of its sender */
export const signOf = ({ id, sender, senderKey }: Origin) => ({ id, sender, senderKey });
