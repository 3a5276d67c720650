/** Sends a built commit, and interprets the server's answer (specification §4.4). */

import { type Bytes, equalBytes, sha256, toHex } from "../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { PendingCommit } from "../../mls/group.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { sendRemovalNotices } from "../device_messages/removal_notice.ts";
import { bundleBody } from "./commit_plan.ts";
import { serverListDiff, tellServer } from "./server_member_list.ts";

/** Longest wait for the answer to a commit of up to 16 MiB, in ms. */
const commitTimeoutMs = 120_000;

/** The result of one sending. */
export type SendOutcome =
  | { kind: "nothing-to-send" }
  /** The server has it, or another commit has won (`lost`): the entry is on its way. */
  | { kind: "await-entry"; lost?: true }
  /** There is something else to send at once. */
  | { kind: "again" }
  /** No answer, or an answer that asks to wait. @param afterMs the shortest wait, in ms */
  | { kind: "retry"; afterMs: number }
  /** The server will never take this commit. */
  | { kind: "refused"; error: WireError };

/** Sends the bytes of the commit that is pending in a conversation. The same bytes go out each time. */
export async function sendCommit(context: SyncContext, chatId: string): Promise<SendOutcome> {
  const { conversations, mls, rpc } = context;
  const conversation = conversations.get(chatId);
  const stored = conversation?.pending;
  if (!conversation || !stored?.commit) return { kind: "nothing-to-send" };
  const pending = mls.decodePending(stored.commit);
  const { channelId } = conversation.record;
  const { removed, added, headers } = tellServer(pending, stored.serverMembers);
  const { body, headersLength } = bundleBody({ bundle: { ...pending.bundle, headers } });
  try {
    if (pending.baseEpoch === 0n) await rpc.call(delivery.createChannel, { channelId });
    if (stored.plan.purpose === "remove") await sendRemovalNotices(context, channelId, pending);
    const params = {
      channelId,
      epoch: Number(pending.baseEpoch),
      commitId: pending.commitId,
      sha256: await sha256(body),
      commitLength: pending.bundle.sealedCommit.length,
      welcomeLength: pending.bundle.sealedWelcome.length,
      headersLength,
      removed,
      added,
    };
    await rpc.call(delivery.commit, params, { timeoutMs: commitTimeoutMs }, body);
    return { kind: "await-entry" };
  } catch (error) {
    if (!(error instanceof WireError)) return { kind: "retry", afterMs: 0 };
    return await judge(context, chatId, channelId, pending, error);
  }
}

async function judge(
  context: SyncContext,
  chatId: string,
  channelId: Bytes,
  sent: PendingCommit,
  error: WireError,
): Promise<SendOutcome> {
  const record = context.conversations.get(chatId)?.record;
  // The conversation moved meanwhile. The old channel's answer no longer counts, and the plan is built again
  // for the new channel.
  if (record && !equalBytes(record.channelId, channelId)) return { kind: "again" };
  switch (error.code) {
    case ErrorCode.epochConflict:
    case ErrorCode.staleEpoch:
      // The winner's entry is in the queue, or was processed meanwhile.
      if (Number(sent.baseEpoch) >= (record?.epoch ?? 0)) context.events.emit("suspected", chatId, error.code);
      return { kind: "await-entry", lost: true };
    case ErrorCode.rateLimited:
    case ErrorCode.queueFull:
    case ErrorCode.draining:
    case ErrorCode.internal:
    case ErrorCode.unauthenticated:
    case ErrorCode.sessionExpired:
      return { kind: "retry", afterMs: error.retryAfterMs };
    case ErrorCode.quotaExceeded:
      // The server's disk is nearly full. What is refused for the account's own limits says no time to wait.
      if (error.retryAfterMs > 0) return { kind: "retry", afterMs: error.retryAfterMs };
  }
  if (error.code === ErrorCode.malformed && await meetServerList(context, chatId, sent)) return { kind: "again" };
  if (error.code === ErrorCode.notAMember) context.events.emit("suspected", chatId, error.code);
  const current = context.conversations.get(chatId)?.pending?.commit;
  const isSame = current && toHex(context.mls.decodePending(current).commitId) === toHex(sent.commitId);
  return isSame ? { kind: "refused", error } : { kind: "nothing-to-send" };
}

/**
 * Handles a commit that the server finds malformed. Mostly the server's list of members differs from the
 * group's, which a member may have caused (specification §4.6). The same commit is sent again, with headers
 * for the server's list, and tells the server the difference.
 *
 * @returns whether there is something new to send
 */
async function meetServerList(
  { conversations, rpc, mls, account }: SyncContext,
  chatId: string,
  sent: PendingCommit,
): Promise<boolean> {
  const before = conversations.get(chatId);
  if (!before || sent.baseEpoch === 0n || before.pending?.serverMembers) return false;
  const server = await rpc.call(delivery.channelState, { channelId: before.record.channelId }).catch(() => undefined);
  const state = await conversations.withState(chatId);
  if (!server || !state || server.epoch !== Number(state.epoch)) return false;
  const { missing, extra } = serverListDiff(mls.members(state), server.members);
  if (missing.length + extra.length === 0) return false;
  return await conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    if (!conversation?.pending?.commit || conversation.record.epoch !== server.epoch) return false;
    conversation.setPending({ ...conversation.pending, serverMembers: server.members });
    if (!conversation.record.serverDiffers) conversation.notice("server-differs", {}, account.clock.now());
    conversation.set({ serverDiffers: true });
    return true;
  });
}
