/** Subscriptions: what comes to the device, told to a client of the daemon as it comes. */

import { wrongUsage } from "../failure.ts";
import { newestArrival } from "../fresh_items.ts";
import { follow } from "../following.ts";
import { type Marks, Printer } from "../printer.ts";
import type { OutputRecord } from "../records.ts";
import type { Session } from "../session.ts";
import type { SqliteStorage } from "../storage/sqlite_storage.ts";
import type { Method, Peer } from "./peer.ts";
import { rpcErrorOf } from "./rpc_errors.ts";

/** Lines of which the newest one is looked for. */
const newestLines = 50;

/**
 * `subscribe` begins with what comes from now on; one with a `mark` goes on where the last one of this name ended.
 * With `acknowledge` each record is a call, to be answered: the mark moves after the answer.
 *
 * @returns the methods by which a client subscribes and ends that
 */
export function subscriptionMethods(session: Session): Record<"subscribe" | "unsubscribe", Method> {
  const running = new WeakMap<Peer, Map<string, AbortController>>();
  let count = 0;
  return {
    subscribe: async (params, peer) => {
      const { group, mark, acknowledge } = readParams(params);
      await session.requireSignedIn();
      const only = group === undefined ? undefined : (await session.chat(group)).chatId;
      const marks = mark === undefined ? marksInMemory() : marksOf(session.storage, mark);
      await begin(session, marks);
      const subscription = String(++count);
      const end = new AbortController();
      const own = running.get(peer) ?? new Map<string, AbortController>();
      running.set(peer, own.set(subscription, end));
      const tellEnd = (error: object) => peer.notify("ended", { subscription, error }).catch(() => {});
      const release = peer.hold((error) => {
        void tellEnd(error);
        end.abort();
      });
      const line = async (_: string | undefined, record: OutputRecord) => {
        if (acknowledge) await peer.request("received", { subscription, record });
        else await peer.notify("received", { subscription, record });
      };
      const printer = new Printer(session, { line }, { marks, ...(only !== undefined && { only }) });
      const until = AbortSignal.any([end.signal, peer.ended]);
      void follow(session, printer, until)
        .catch((error) => tellEnd(rpcErrorOf(error)))
        .finally(() => {
          own.delete(subscription);
          release();
        });
      return { subscription };
    },
    unsubscribe: (params, peer) => {
      const { subscription } = (params ?? {}) as Record<string, unknown>;
      const end = running.get(peer)?.get(String(subscription));
      if (!end) throw wrongUsage("unsubscribe: there is no such subscription");
      end.abort();
      return Promise.resolve(null);
    },
  };
}

function readParams(params: unknown): { group?: string; mark?: string; acknowledge: boolean } {
  const { group, mark, acknowledge = false } = (params ?? {}) as Record<string, unknown>;
  if (group !== undefined && typeof group !== "string") throw wrongUsage("subscribe: group is a text");
  if (mark !== undefined && (typeof mark !== "string" || !/^[\w.-]{1,64}$/.test(mark))) {
    throw wrongUsage("subscribe: mark has 1 to 64 of A–Z a–z 0–9 . _ -");
  }
  if (typeof acknowledge !== "boolean") throw wrongUsage("subscribe: acknowledge is true or false");
  return { ...(group !== undefined && { group }), ...(mark !== undefined && { mark }), acknowledge };
}

/** The marks of a name, beside those of `recv`. */
function marksOf(storage: SqliteStorage, name: string): Marks {
  const key = (chatId: string) => `mark ${name} ${chatId}`;
  return {
    printedUpTo: (chatId) => storage.printedUpTo(key(chatId)),
    markPrinted: (chatId, arrival) => storage.markPrinted(key(chatId), arrival),
  };
}

function marksInMemory(): Marks {
  const upTo = new Map<string, string>();
  return {
    printedUpTo: (chatId) => upTo.get(chatId) ?? "",
    markPrinted: (chatId, arrival) =>
      void upTo.set(chatId, arrival > (upTo.get(chatId) ?? "") ? arrival : upTo.get(chatId)!),
  };
}

/** Marks that are new begin now, except for invitations that wait: somebody has to answer them. */
async function begin({ engine }: Session, marks: Marks): Promise<void> {
  if (marks.printedUpTo("begun") !== "") return;
  for (const { chatId } of await engine.chats()) {
    const { items } = await engine.timeline(chatId, undefined, newestLines);
    if (items.length > 0) marks.markPrinted(chatId, newestArrival(items));
  }
  marks.markPrinted("begun", "yes");
}
