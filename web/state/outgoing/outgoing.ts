/** Files on their way out: the trays of all chats, what is being prepared, and how far the engine is with the rest. */

import { createSignal } from "solid-js";
import type { EngineApi, MessageItem, SendOptions, Transfer } from "../../../client/api/engine_api.ts";
import { EngineError, LocalCode } from "../../../client/api/errors.ts";
import type { ChosenFiles } from "./chosen_file.ts";
import { createLostFiles } from "./lost_files.ts";
import type { Tray } from "./tray.ts";

export interface Outgoing {
  /** The tray of a chat. @param make where it has none yet: the first screen needs no tray */
  tray(chatId: string, make: () => Tray): Tray;
  /** How far a message's files are; undefined where nothing is on its way. `total` 0: they are being prepared. */
  transferOf(messageId: string): Transfer | undefined;
  /** Prepares and sends files. Resolves when the engine has stored the message. @throws EngineError */
  send(chatId: string, item: MessageItem, files: ChosenFiles, options?: SendOptions): Promise<void>;
  /** @returns how a failed message with files is tried again; undefined for one without files */
  again(chatId: string, item: MessageItem): (() => Promise<void>) | undefined;
  /** Gives a message up, whatever is done with its files. Never rejects. */
  cancel(chatId: string, messageId: string): void;
  isCancelled(messageId: string): boolean;
  pause(chatId: string, messageId: string): void;
  resume(chatId: string, messageId: string): void;
  /** Whether closing the page would lose something. */
  busy(): boolean;
  /** Messages of a chat that an earlier page has lost. */
  lost(chatId: string): string[];
  forgetLost(messageId: string): void;
  /** The engine tells how far it is. */
  heard(transfer: Transfer): void;
  /** Somebody is signed in. */
  start(): void;
  /** Nobody is signed in any more. */
  clear(): void;
}

type Engine = Pick<EngineApi, "sendFiles" | "pauseTransfer" | "resumeTransfer" | "cancelTransfer" | "transfers">;

/** What this page alone has of a message. */
interface Held {
  files: ChosenFiles;
  options: SendOptions | undefined;
  abort: AbortController;
  isRunning: boolean;
}

const prepare = () => import("./prepare.ts");
const isOver = ({ state }: Transfer) => state === "done" || state === "cancelled";

/** @param report shows what went wrong with a button of a transfer */
export function createOutgoing(engine: Engine, report: (error: unknown) => void): Outgoing {
  const [transfers, setTransfers] = createSignal<ReadonlyMap<string, Transfer>>(new Map());
  const trays = new Map<string, Tray>();
  const held = new Map<string, Held>();
  const cancelled = new Set<string>();
  const lost = createLostFiles(() => sessionStorage);

  function heard(transfer: Transfer): void {
    const changed = new Map(transfers());
    if (isOver(transfer)) changed.delete(transfer.messageId);
    else changed.set(transfer.messageId, transfer);
    setTransfers(changed);
  }

  async function run(chatId: string, { messageId, text }: MessageItem, one: Held): Promise<void> {
    one.isRunning = true;
    lost.begin(chatId, messageId);
    heard({ chatId, messageId, state: "reading", done: 0, total: 0 });
    try {
      const { signal } = one.abort;
      const files = await (await prepare()).prepareFiles(one.files, signal);
      await engine.sendFiles(chatId, messageId, files, text, one.options);
      held.delete(messageId);
    } catch (error) {
      if (one.abort.signal.aborted) held.delete(messageId);
      if (error instanceof EngineError) throw error;
      // The file was moved, changed or deleted since it was chosen.
      throw new EngineError({ code: LocalCode.badFile, detail: String(error) });
    } finally {
      one.isRunning = false;
      lost.end(messageId);
      const state = transfers().get(messageId);
      if (state?.state === "reading") heard({ ...state, state: "cancelled" });
    }
  }

  return {
    tray(chatId, make) {
      const tray = trays.get(chatId) ?? make();
      trays.set(chatId, tray);
      return tray;
    },
    transferOf: (messageId) => transfers().get(messageId),
    async send(chatId, item, files, options) {
      const one: Held = { files, options, abort: new AbortController(), isRunning: true };
      held.set(item.messageId, one);
      await run(chatId, item, one);
    },
    again(chatId, item) {
      const one = held.get(item.messageId);
      if (one) return () => run(chatId, item, one);
      return item.attachments && (() => engine.resumeTransfer(chatId, item.messageId));
    },
    cancel(chatId, messageId) {
      cancelled.add(messageId);
      held.get(messageId)?.abort.abort(new Error("the user has given it up"));
      void engine.cancelTransfer(chatId, messageId).catch(report);
    },
    isCancelled: (messageId) => cancelled.has(messageId),
    pause: (chatId, messageId) => void engine.pauseTransfer(chatId, messageId).catch(report),
    resume: (chatId, messageId) => void engine.resumeTransfer(chatId, messageId).catch(report),
    busy: () => [...held.values()].some(({ isRunning }) => isRunning),
    lost: lost.of,
    forgetLost: lost.end,
    heard,
    start() {
      void engine.transfers().then((found) => {
        for (const transfer of found) if (!transfers().has(transfer.messageId)) heard(transfer);
      }, () => {});
    },
    clear() {
      for (const { abort } of held.values()) abort.abort(new Error("nobody is signed in any more"));
      held.clear();
      for (const tray of trays.values()) tray.take();
      trays.clear();
      lost.clear();
      setTransfers(new Map());
    },
  };
}
