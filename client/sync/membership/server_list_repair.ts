/** Tells the server the right list of members by a commit, where its own differs (specification §4.6). */

import { toHex } from "../../../schema/bytes.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { Committer } from "../commits/committer.ts";
import { serverListDiff } from "../commits/server_member_list.ts";
import type { CommitPlan } from "../conversation/records.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceListDiff } from "./device_list_diff.ts";

/**
 * Repairs the server's list, if it still differs and is of this device's epoch.
 *
 * @param packagesOf fetches KeyPackages
 * @throws EngineError, WireError, TransportError
 */
export async function repairServerList(
  { conversations, mls, rpc, ownKey }: Pick<SyncContext, "conversations" | "mls" | "rpc" | "ownKey">,
  committer: Committer,
  packagesOf: (devices: DeviceListDiff["missing"]) => Promise<CommitPlan["add"]>,
  chatId: string,
): Promise<void> {
  const record = conversations.get(chatId)?.record;
  const state = await conversations.withState(chatId);
  if (!record?.serverDiffers || desyncOf(record) || !isIn(record) || !state) return;
  const server = await rpc.call(delivery.channelState, { channelId: record.channelId });
  if (server.epoch !== Number(state.epoch)) return;
  const { missing, extra } = serverListDiff(mls.members(state), server.members);
  const own = mls.members(state).find(({ leafIndex }) => leafIndex === state.ownLeafIndex);
  // A member that the server dropped has missed a commit. It must be removed and added again, and without
  // its request only an admin may do that (GRP-3.3).
  const toReadd = own?.role === "admin"
    ? missing
    : missing.filter(({ credential }) => toHex(credential.accountKey) === ownKey);
  if (toReadd.length + extra.length === 0) return;
  const add = await packagesOf(
    toReadd.map(({ credential, recipientKey }) => ({
      accountKey: toHex(credential.accountKey),
      device: { deviceId: credential.deviceId, recipientKey },
    })),
  );
  await committer.commit(
    chatId,
    (conversation) =>
      conversation.record.serverDiffers
        // A device whose KeyPackage can not be had stays where it is.
        ? { purpose: "repair", add, remove: add.map(({ recipientKey }) => recipientKey) }
        : undefined,
  );
}
