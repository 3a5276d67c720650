/**
 * Helps other devices back into a group (specification §3.4, §3.5).
 *
 * It seals an epoch's secret again, or carries out a signed re-add request. This device's own requests are in
 * recovery_client.ts.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { openReadd, parseKeyPackage } from "../../mls/group.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import { Timers } from "../../runtime/timers.ts";
import { isReadded, readdsOf } from "../commits/commit_plan.ts";
import type { Committer } from "../commits/committer.ts";
import {
  type DeviceMessage,
  type DeviceMessageContent,
  sendDeviceMessage,
} from "../device_messages/device_messages.ts";
import { epochFor, type PastEpoch } from "../conversation/epoch_history.ts";
import { type CommitPlan, keys } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import { memberOf } from "../device_messages/peers.ts";

/** The longest random delay before a request of another device is carried out, in ms. */
const readdDelayMs = 2_000;

/** How many answers of one kind a device gets in a chat in an hour. Each answer costs a commit or a seal. */
const answersEach = 8;
/** … and of all kinds in all chats. A device that has lost its place in all of them may know nobody else. */
const answersInAll = 128;

export class RecoveryResponder {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #timers: Timers;
  /** Answers, by device as hex; of a chat and a kind. */
  readonly #answered: RecentCounts;

  constructor(context: SyncContext, committer: Committer) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#committer = committer;
    this.#answered = new RecentCounts(() => context.environment.now());
  }

  /** Whether a request is about to be carried out. The commit of one is the committer's. */
  get busy(): boolean {
    return this.#timers.size > 0;
  }

  close(): void {
    this.#timers.close();
  }

  /** Answers "reseal" and "readd", with a limit for each device. Ignores other messages. */
  async answer(chatId: string, message: DeviceMessage): Promise<void> {
    if (message.content.kind === "reseal") await this.#answerReseal(chatId, message, message.content);
    if (message.content.kind === "readd") await this.#answerReadd(chatId, message, message.content);
  }

  #mayAnswer(chatId: string, { from, content }: DeviceMessage): boolean {
    const [device, what] = [toHex(from), `${chatId}/${content.kind}`];
    if (this.#answered.count(device, what) >= answersEach || this.#answered.count(device) >= answersInAll) return false;
    this.#answered.note(device, what);
    return true;
  }

  async #answerReseal(
    chatId: string,
    message: DeviceMessage,
    { n, commitId }: Extract<DeviceMessageContent, { kind: "reseal" }>,
  ): Promise<void> {
    const { mls, store } = this.#context;
    const found = await memberOf(this.#context, chatId, message);
    if (!found || !this.#mayAnswer(chatId, message)) return;
    const past = await store.get<PastEpoch[]>("epochs", keys.pastEpochs(chatId)) ?? [];
    const epoch = epochFor(past, n, commitId, message.from);
    const { record, member } = found;
    if (epoch) {
      const header = await mls.resealHeader({
        channelId: record.channelId,
        n: BigInt(n),
        S: epoch.S,
        recipientKey: message.from,
        xwingPublicKey: member.xwingPublicKey,
      });
      await sendDeviceMessage(this.#context, record.channelId, message.from, { kind: "resealed", n, commitId, header });
    } else if (desyncOf(record)?.commitId === toHex(commitId)) {
      await sendDeviceMessage(this.#context, record.channelId, message.from, { kind: "stuck", n, commitId });
    }
  }

  async #answerReadd(
    chatId: string,
    message: DeviceMessage,
    { n, commitId, request, keyPackage }: Extract<DeviceMessageContent, { kind: "readd" }>,
  ): Promise<void> {
    const { environment, conversations } = this.#context;
    const own = conversations.get(chatId)?.record;
    // The asker names no commit. So this device can only answer that it needs help as well.
    if (own && isIn(own) && desyncOf(own) && commitId.length === 0) {
      if (this.#mayAnswer(chatId, message)) {
        await sendDeviceMessage(this.#context, own.channelId, message.from, { kind: "stuck", n, commitId });
      }
      return;
    }
    const found = await memberOf(this.#context, chatId, message);
    if (!found) return;
    const { record } = found;
    const desync = desyncOf(record);
    if (desync) {
      if (
        desync.commitId !== undefined && desync.commitId === toHex(commitId) && this.#mayAnswer(chatId, message)
      ) await sendDeviceMessage(this.#context, record.channelId, message.from, { kind: "stuck", n, commitId });
      return;
    }
    const [asked, parsed] = [await openReadd(request), await parseKeyPackage(keyPackage)];
    if (
      !asked || !equalBytes(asked.recipientKey, message.from) || !equalBytes(asked.channelId, record.channelId) ||
      !equalBytes(parsed.ref, asked.keyPackageRef) || !this.#mayAnswer(chatId, message)
    ) return;
    const plan: CommitPlan = {
      purpose: "readd",
      add: [{ recipientKey: message.from, keyPackage }],
      remove: [message.from],
      requests: [request],
    };
    const key = `readd/${chatId}/${toHex(message.from)}`;
    this.#timers.start(key, environment.random() * readdDelayMs, () => {
      // Unless another member was faster, or the device is no member any more.
      void this.#committer.commit(
        chatId,
        async (conversation) => isReadded(conversation, plan, await readdsOf(plan)) ? undefined : plan,
      ).catch(() => {});
    });
  }
}
