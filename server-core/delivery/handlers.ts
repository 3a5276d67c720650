/** Registers the handlers of the delivery service (delivery.capnp has the rules of each method). */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { wireVersion } from "../../schema/rpc/calls_and_returns.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { getBlob, putBlob, putBlobPart } from "./blobs.ts";
import { exactly, requireDevice, requireOwnDevice } from "./checks.ts";
import { commit } from "./commit.ts";
import type { DeliveryDependencies } from "./dependencies.ts";
import { enqueue, publish, publishInOrder } from "./messages.ts";
import { fetch, fetchBody, fetchWait, subscribe, subscribeAs } from "./reading.ts";

const maxAckEntries = 1000;

/** Registers every method of DeliveryService. */
export function deliveryHandlers(handlers: Handlers<Caller>, deps: DeliveryDependencies): Handlers<Caller> {
  return handlers
    .unary(delivery.health, () => {
      const { restoredMs = 0, newestMs = 0 } = deps.restored ?? {};
      return Promise.resolve({
        serverTimeMs: deps.now(),
        wireVersion,
        draining: deps.draining(),
        build: deps.build,
        restoredMs,
        restoredToMs: newestMs,
      });
    })
    .unary(delivery.createChannel, async ({ channelId }, { caller }) => {
      const { recipientKey: creator } = requireDevice(caller);
      await deps.store.createChannel({ creator, channelId: exactly(channelId, 32, "channelId") });
      return {};
    })
    .unary(delivery.channelState, async ({ channelId }, { caller }) => {
      const { recipientKey: member } = requireDevice(caller);
      return await deps.store.channelState({ member, channelId: exactly(channelId, 32, "channelId") });
    })
    .unary(delivery.commit, (params, context) => commit(deps, params, context))
    .unary(delivery.publish, (params, { caller }) => publish(deps, params, caller))
    .unary(delivery.publishInOrder, (params, { caller }) => publishInOrder(deps, params, caller))
    .unary(delivery.enqueue, (params, { caller }) => enqueue(deps, params, caller))
    .unary(delivery.fetch, (params, { caller }) => fetch(deps, params, caller))
    .unary(delivery.fetchWait, (params, context) => fetchWait(deps, params, context))
    .stream(delivery.subscribe, (params, context) => subscribe(deps, params, context))
    .stream(delivery.subscribeAs, (params, context) => subscribeAs(deps, params, context))
    .unary(delivery.ack, async ({ recipientKey, upTo }, { caller }) => {
      requireOwnDevice(caller, recipientKey);
      while ((await deps.store.ack({ recipientKey, upTo })).more);
      return {};
    })
    .unary(delivery.ackEntries, async ({ recipientKey, seqs }, { caller }) => {
      requireOwnDevice(caller, recipientKey);
      if (seqs.length > maxAckEntries) throw new WireError(ErrorCode.malformed, `at most ${maxAckEntries} entries`);
      await deps.store.ackEntries({ recipientKey, seqs });
      return {};
    })
    .stream(delivery.fetchBody, (params, { caller }) => fetchBody(deps, params, caller))
    .unary(delivery.putBlob, (params, context) => putBlob(deps, params, context))
    .unary(delivery.putBlobPart, (params, context) => putBlobPart(deps, params, context))
    .stream(delivery.getBlob, (params, { caller }) => getBlob(deps, params, caller));
}
