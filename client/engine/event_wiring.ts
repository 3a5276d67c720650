/**
 * Which part of the sync reacts to which event of a conversation, in what order. All reactions are in this
 * file, so that a reader sees them on one screen.
 */

import type { Committer } from "../sync/commits/committer.ts";
import type { ConversationEvents } from "../sync/conversation/conversation_events.ts";
import type { ConversationStore } from "../sync/conversation/conversation_store.ts";
import type { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import type { OthersAdditions } from "../sync/membership/others_additions.ts";
import type { LeafRenewal } from "../sync/membership/leaf_renewal.ts";
import type { RecoveryClient } from "../sync/recovery/recovery_client.ts";
import type { Housekeeping } from "./housekeeping.ts";
import type { Writing } from "./writing.ts";
import type { Outbox } from "../sync/send/outbox.ts";
import type { ResendAlone } from "../sync/send/resend_alone.ts";

/** The parts that react to events. */
export interface Reacting {
  conversations: ConversationStore;
  outbox: Outbox;
  alone: ResendAlone;
  committer: Committer;
  maintenance: GroupMaintenance;
  additions: OthersAdditions;
  renewal: LeafRenewal;
  recovery: RecoveryClient;
  housekeeping: Housekeeping;
  writing: Pick<Writing, "disappearing" | "receipts" | "faces">;
  /** A part failed in the background, and the user should see the error. */
  report(error: unknown): void;
}

/** Binds every event to the parts that react to it. */
export function react(
  events: ConversationEvents,
  { writing: { receipts, disappearing, faces }, ...parts }: Reacting,
): void {
  const { conversations, outbox, alone, committer, maintenance, additions, renewal, recovery, housekeeping, report } =
    parts;
  events.on("epochChanged", (chatId) => {
    outbox.flush(chatId);
    housekeeping.background(alone.look(chatId));
    renewal.look(chatId);
    maintenance.redo(chatId);
    additions.look(chatId);
    housekeeping.leaveAgain(chatId);
    receipts.look(chatId);
    faces.look(chatId);
  });
  events.on("commitMerged", (chatId) => {
    committer.merged(chatId);
    // The first commit of a conversation that this device started.
    if (conversations.get(chatId)?.record.epoch === 1) housekeeping.keepVault();
  });
  events.on("commitLost", (chatId) => committer.rebuildSoon(chatId));
  events.on("leaveProposed", (chatId) => maintenance.leaveProposed(chatId));
  events.on("ended", (chatId) => {
    committer.ended(chatId);
    void outbox.abandon(chatId).catch(report);
    housekeeping.keepVault({ withGone: true });
  });
  events.on("accepted", (chatId) => {
    outbox.flush(chatId);
    maintenance.accepted(chatId);
    housekeeping.keepVault();
    housekeeping.background(recovery.accepted(chatId));
    receipts.due(chatId);
    faces.look(chatId);
  });
  events.on("joined", (chatId) => {
    recovery.backInStep(chatId);
    committer.rebuildSoon(chatId);
    outbox.flush(chatId);
    renewal.look(chatId);
    maintenance.redo(chatId);
    additions.look(chatId);
    housekeeping.replenish();
    housekeeping.keepVault();
    housekeeping.leaveAgain(chatId);
    receipts.look(chatId);
    faces.look(chatId);
  });
  events.on("moved", (chatId, resend) => {
    recovery.moved(chatId);
    committer.rebuildSoon(chatId);
    outbox.moved(chatId, resend);
    housekeeping.background(alone.look(chatId));
    renewal.look(chatId);
    maintenance.redo(chatId);
    additions.look(chatId);
    housekeeping.keepVault({ withGone: true });
    housekeeping.leaveAgain(chatId);
    faces.look(chatId);
  });
  events.on("fellOutOfStep", (chatId) => {
    committer.rebuildSoon(chatId);
    recovery.fellOutOfStep(chatId);
  });
  events.on("rolledBack", (chatId) => void recovery.fallOutOfStep(chatId, "rolled-back").catch(report));
  events.on("suspected", (chatId, code) => recovery.suspect(chatId, code));
  events.on("serverListDiffers", (chatId) => maintenance.serverDiffers(chatId));
  events.on("lineChanged", (chatId, order, isDeleted) => outbox.lineChanged(chatId, order, isDeleted));
  events.on("timed", () => disappearing.look());
  events.on("sent", (chatId) => {
    renewal.look(chatId);
    housekeeping.checkDevices();
    receipts.look(chatId);
    faces.look(chatId, true);
  });
  for (const event of ["received", "receiptSettled"] as const) events.on(event, (chatId) => receipts.due(chatId));
  events.on("receiptSettled", (chatId) => faces.look(chatId));
  events.on("toldElsewhere", (chatId, told) => receipts.toldElsewhere(chatId, told));
  events.on("revokedAdded", (chatId) => maintenance.removeRevoked(chatId));
  events.on("blockedByCommit", (chatId) => void maintenance.unblockSending(chatId).catch(() => {}));
  events.on("welcomeLost", (entry) => recovery.welcomeLost(entry));
  events.on("missed", (chatId, key) => housekeeping.background(recovery.missed(chatId, key)));
  events.on("givenUnopened", (chatId, from, message) => {
    housekeeping.background(recovery.givenUnopened(chatId, from, message));
  });
  events.on("leftUnseen", (chatId) => recovery.leftUnseen(chatId));
  events.on("leftChannelUsed", (chatId, left) => recovery.leftChannelUsed(chatId, left));
  events.on("heardAgain", (chatId) => outbox.flush(chatId));
  events.on("replacementRefused", (chatId, channelId, due) => recovery.replacementRefused(chatId, channelId, due));
}
