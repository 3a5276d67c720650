/** Puts a {@link HostileServer} between a core's handlers and what they read and answer. */

import { concat, toHex } from "../../schema/bytes.ts";
import { delivery, type ResultsOf } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../../server-core/caller.ts";
import type { LiveDevices } from "../../server-core/delivery/live.ts";
import type { DeliveryStore } from "../../server-core/storage/delivery_store.ts";
import type { Store } from "../../server-core/storage/store.ts";
import type { HostileServer } from "./hostile_server.ts";

/** Spoils what devices read of their queues and of KeyPackages. @returns the store's own `fetch` */
export function spoilStore({ accounts, delivery: queues }: Store, hostile: HostileServer): DeliveryStore["fetch"] {
  const fetchOwn = queues.fetch.bind(queues);
  queues.fetch = (asked) =>
    hostile.fetch(asked, fetchOwn(asked), async ({ seq, body, bodyLength }) => {
      const pieces: Uint8Array[] = [];
      for (
        let index = 0, piece;
        body.length < bodyLength && (piece = await queues.bodyPiece({ ...asked, seq, index }));
        index++
      ) pieces.push(piece);
      return pieces.length > 0 ? concat(...pieces) : body;
    });
  const take = accounts.takeKeyPackages.bind(accounts);
  accounts.takeKeyPackages = async (asked) => {
    let taken = await take(asked);
    while (hostile.lastResortOnly && !taken.every(({ lastResort }) => lastResort)) taken = await take(asked);
    return await Promise.all(taken.map(async (given) => {
      const forged = await hostile.keyPackages.get(toHex(given.deviceId))?.();
      return forged ? { ...given, keyPackage: forged } : given;
    }));
  };
  return fetchOwn;
}

/** Spoils what connected devices are told at once. */
export function spoilLive(live: LiveDevices, hostile: HostileServer): void {
  const notify = live.notify.bind(live);
  live.notify = (recipientKey, entry) => {
    if (hostile.held.has(toHex(recipientKey))) live.notifyStored(recipientKey, entry.channelId);
    else notify(recipientKey, hostile.tell(recipientKey, entry, false));
  };
}

/** Spoils the answers to messages, and attachments. */
export function spoilAnswers(handlers: Handlers<Caller>, hostile: HostileServer): void {
  const [publish, inOrder] = [handlers.get(delivery.publish), handlers.get(delivery.publishInOrder)];
  if (publish?.kind !== "unary" || inOrder?.kind !== "unary") throw new Error("a call has changed its kind");
  const told = <Said extends { place: number }>({ caller }: { caller: Caller }, said: Said): Said =>
    hostile.tell(caller.recipientKey!, said, true);
  const get = handlers.get(delivery.getBlob);
  if (get?.kind !== "stream") throw new Error("a call has changed its kind");
  handlers.stream(delivery.getBlob, async function* (params, context) {
    const elements = get.run(params, context) as AsyncIterable<ResultsOf<typeof delivery.getBlob>>;
    for await (const { bytes } of elements) yield { bytes: hostile.spoilBlob(bytes) };
  });
  handlers.unary(
    delivery.publish,
    async (params, context) => told(context, await publish.run(params, context) as ResultsOf<typeof delivery.publish>),
  );
  handlers.unary(delivery.publishInOrder, async (params, context) => {
    const { answers } = await inOrder.run(params, context) as ResultsOf<typeof delivery.publishInOrder>;
    return { answers: answers.map((answer) => told(context, answer)) };
  });
}
