/**
 * What goes wrong in a soak with faults: a device's state of the group is lost, the server makes commits up,
 * answers are lost, the core goes back to an old backup.
 */

import type { TestCore } from "../core.ts";
import { garbageCommit } from "../injected_entry.ts";
import type { Walker } from "./walker.ts";
import { isIn } from "../../sync/conversation/standing.ts";

export interface Faults {
  /** @param operation which of the faults; draws in [0, 1) */
  start(operation: string, walker: Walker, draws: { a: number; b: number; c: number }): Promise<void>;
  /** No backup is left lying about. */
  finish(): Promise<void>;
}

/**
 * Above every seq that the core gives of itself; it goes on above a cursor that it did not know, so each
 * forgery must be further up.
 */
const firstForgedSeq = 100_000;

export function makeFaults(core: TestCore, chatId: string): Faults {
  let copy: string | undefined;
  const forgedSeq = new Map<Walker, number>();
  return {
    async start(operation, walker, { b }) {
      switch (operation) {
        case "lose":
          return walker.die(
            1 + Math.floor(b * 4),
            false,
            (store) => store.write({ deletes: [{ store: "epochs", key: chatId }] }),
          );
        case "forge": {
          const record = await walker.record(chatId);
          if (!record || !isIn(record)) return;
          const seq = (forgedSeq.get(walker) ?? firstForgedSeq) * 3;
          forgedSeq.set(walker, seq);
          core.inject(await walker.person.recipientKey(), [garbageCommit(record.channelId, record.epoch + 1, seq)]);
          return;
        }
        case "lose-answer":
          return walker.loseAnswers(1 + Math.floor(b * 3));
        case "backup":
          copy ??= await core.backup();
          return;
        case "restore":
          if (copy === undefined) return;
          await core.restore(copy);
          copy = undefined;
      }
    },
    async finish() {
      if (copy !== undefined) await Deno.remove(copy, { recursive: true });
    },
  };
}
