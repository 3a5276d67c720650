/** Files in the engine in memory: encrypted in two steps, sent in four, and read from where they were picked. */

import type { EngineApi, EngineEvent, MessageItem, OutgoingFile, Transfer } from "../../client/api/engine_api.ts";
import { attachmentPieceBytes } from "../../client/api/attachment_stream.ts";
import { fakeChatFiles, fakePiece } from "./fake_attachments.ts";
import { EngineError } from "../../client/api/errors.ts";
import type { FakeLines } from "./fake_changes.ts";
import { pause } from "./fake_time.ts";
import { kindOf } from "../../client/content/attachment_part.ts";

type FileMethods =
  | "sendFiles"
  | "pauseTransfer"
  | "resumeTransfer"
  | "cancelTransfer"
  | "transfers"
  | "attachmentPiece"
  | "chatFiles";

/** What the engine in memory lends. */
export interface FakeFilesParts {
  emit(event: EngineEvent): void;
  lines: FakeLines;
  nextOrder(): string;
}

interface Sending {
  transfer: Transfer;
  item: MessageItem;
}

const stepMs = 150;
const slowMs = 3_000;

/** The methods for files. "fail" fails once (E032), "slow" is slow. Files of others: fake_attachments.ts. */
export function fakeFiles({ emit, lines, nextOrder }: FakeFilesParts): Pick<EngineApi, FileMethods> {
  const kept = new Map<string, OutgoingFile[]>();
  const sending = new Map<string, Sending>();
  const failed = new Set<string>();
  const isSlow = (messageId: string) => kept.get(messageId)?.some(({ name }) => name.startsWith("slow")) ?? false;

  function tell(messageId: string, change: Partial<Transfer>): void {
    const one = sending.get(messageId);
    if (!one) return;
    one.transfer = { ...one.transfer, ...change };
    emit({ kind: "transfer", transfer: one.transfer });
  }

  async function run(messageId: string): Promise<void> {
    for (;;) {
      await pause(isSlow(messageId) ? slowMs : stepMs);
      const one = sending.get(messageId);
      if (one?.transfer.state !== "sending") return;
      const { chatId, done, total } = one.transfer;
      if (!failed.has(messageId) && kept.get(messageId)?.some(({ name }) => name === "fail")) {
        failed.add(messageId);
        lines.put(chatId, { ...one.item, state: "failed", errorCode: "E032" });
        return tell(messageId, { state: "failed", errorCode: "E032" });
      }
      if (done < total) {
        tell(messageId, { done: Math.min(total, done + Math.ceil(total / 4)) });
        continue;
      }
      tell(messageId, { state: "done" });
      sending.delete(messageId);
      return lines.put(chatId, { ...one.item, state: "sent" });
    }
  }

  /** Encrypts nothing, but takes its time. @throws EngineError L039 where it is given up meanwhile */
  async function read(chatId: string, messageId: string, files: OutgoingFile[]): Promise<void> {
    const total = files.reduce((sum, { source }) => sum + source.size, 0);
    const transfer: Transfer = { chatId, messageId, state: "reading", done: 0, total };
    for (const done of [0, total / 2]) {
      emit({ kind: "transfer", transfer: { ...transfer, done } });
      await pause(isSlow(messageId) ? slowMs : stepMs);
      if (!kept.has(messageId)) throw new EngineError({ code: "L039", detail: "it was given up" });
    }
  }

  return {
    async sendFiles(chatId, messageId, files, text) {
      kept.set(messageId, files);
      await read(chatId, messageId, files);
      const attachments = files.map(({ source, voice, ...shown }) => ({
        ...shown,
        size: source.size,
        kind: kindOf(shown.type, voice === true),
      }));
      const [{ kind, name }] = attachments;
      const item: MessageItem = {
        kind: "message",
        messageId,
        order: nextOrder(),
        sender: lines.own().username,
        senderKey: lines.own().accountKey,
        own: true,
        text,
        attachments,
        attached: { kind, name, count: attachments.length },
        atMs: Date.now(),
        state: "waiting",
      };
      lines.put(chatId, item);
      const total = attachments.reduce((sum, { size }) => sum + size, 0);
      sending.set(messageId, { item, transfer: { chatId, messageId, state: "sending", done: 0, total } });
      tell(messageId, {});
      void run(messageId);
    },
    pauseTransfer(_chatId, messageId) {
      return Promise.resolve(tell(messageId, { state: "paused" }));
    },
    resumeTransfer(_chatId, messageId) {
      tell(messageId, { state: "sending" });
      void run(messageId);
      return Promise.resolve();
    },
    cancelTransfer(chatId, messageId) {
      const one = sending.get(messageId);
      tell(messageId, { state: "cancelled" });
      sending.delete(messageId);
      kept.delete(messageId);
      if (!one) return Promise.resolve();
      const items = lines.items(chatId);
      items.splice(items.findIndex((item) => item.kind === "message" && item.messageId === messageId), 1);
      lines.erased(chatId, one.item.order);
      return Promise.resolve();
    },
    transfers: () => Promise.resolve([...sending.values()].map(({ transfer }) => transfer)),
    async attachmentPiece(chatId, { messageId }, index, piece) {
      const source = kept.get(messageId)?.[index]?.source;
      if (!source) {
        const item = lines.items(chatId).find((item) => item.kind === "message" && item.messageId === messageId);
        return await fakePiece(item?.kind === "message" ? item.attachments?.[index] : undefined, piece);
      }
      const bytes = new Uint8Array(await new Response(source.stream()).arrayBuffer());
      return bytes.slice(piece * attachmentPieceBytes, (piece + 1) * attachmentPieceBytes);
    },
    chatFiles: (chatId, kind, before) => Promise.resolve(fakeChatFiles(lines.items(chatId), kind, before)),
  };
}
