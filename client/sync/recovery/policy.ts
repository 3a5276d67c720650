/**
 * Decides what this device does when it can not follow a group: symptom and own state lead to an action.
 * Pure.
 *
 * The rules behind the tables are in specification §3.4 and §3.5.
 */

import type { NoticeKind } from "../../api/engine_api.ts";
import type { Desync, DesyncCause } from "../conversation/standing.ts";

/** Symptoms that no single entry shows. */
export type Symptom = "rolled-back" | "state-lost" | "server-behind" | "fork";

/** A symptom's effect on the conversation before this device asks for help. */
export interface DesyncEffects {
  /** Stored as the cause of the desync. */
  cause: DesyncCause;
  notice: NoticeKind;
  values: Record<string, string>;
  /** The MLS state may not seal again: a second use of a ratchet key would break its secrecy. */
  forgetsState: boolean;
  /** The plan that waits for a commit is void. */
  dropsPlan: boolean;
}

export const desyncEffects: Readonly<Record<Symptom, DesyncEffects>> = {
  // The storage went back in time: this device committed or acknowledged a later epoch (specification §4.5, E017).
  "rolled-back": {
    cause: "E017",
    notice: "rolled-back",
    values: { code: "E017" },
    forgetsState: true,
    dropsPlan: true,
  },
  // The stored state is gone or does not decode.
  "state-lost": {
    cause: "state-lost",
    notice: "unreadable",
    values: { code: "state-lost" },
    forgetsState: false,
    dropsPlan: true,
  },
  // The server has not been in this device's epoch.
  "server-behind": {
    cause: "server-behind",
    notice: "server-behind",
    values: {},
    forgetsState: false,
    dropsPlan: false,
  },
  // The server is ahead, and no entry leads to its epoch.
  fork: { cause: "fork", notice: "rejected", values: { code: "fork" }, forgetsState: false, dropsPlan: false },
};

/** The facts of one round of recovery. Counts are of rounds or accounts. */
export interface RecoveryView {
  /** Whether this device belongs to an admin: only admins may create a replacement channel (GRP-5.2). */
  admin: boolean;
  /** Whether the group's MLS state is on this device. */
  hasState: boolean;
  desync: Pick<Desync, "need" | "commitId">;
  /** The server knows no such channel, or is in an earlier epoch than this device. */
  serverBehind: boolean;
  /** The server lists no other device in the channel. */
  alone: boolean;
  /** Rounds so far, this one included. */
  rounds: number;
  /** Rounds in which the server's epoch did not change. While others commit, somebody can follow. */
  quietRounds: number;
  /** Accounts that said they can not follow the same commit. */
  stuck: number;
  /** Accounts that asked for help themselves in the server's present epoch. */
  inNeed: number;
}

export type RecoveryAction =
  /** Replace the channel from this device's epoch, or tell the admins to. */
  | "act-ahead"
  /** Create a replacement channel. */
  | "replace"
  /** Ask members for a fresh header for the commit. */
  | "ask-reseal"
  /** Ask members to remove and add this device in one commit. */
  | "ask-readd";

/** Rounds that ask for a header before a re-add is requested. */
const resealRounds = 2;
/** Rounds after which an admin replaces the channel when another account can not follow either. */
const stuckRounds = 2;
/** Rounds after which an admin replaces the channel when no member answers. */
const silentRounds = 8;

interface Row {
  symptom: string;
  when(view: RecoveryView): boolean;
  action: RecoveryAction;
}

const knowsCommit = ({ desync }: RecoveryView) => desync.commitId !== undefined;
const knowsAnother = ({ desync, hasState }: RecoveryView) => hasState && desync.commitId === undefined;

/**
 * The first row that matches decides. Members that still commit would refuse a replacement from an old epoch,
 * and the group would split. So a replacement waits until it seems that no member can follow.
 */
export const recoveryPolicy: readonly Row[] = [
  {
    symptom: "The server has gone back in time.",
    when: ({ serverBehind }) => serverBehind,
    action: "act-ahead",
  },
  {
    symptom: "Others need help too, and nobody commits.",
    when: (view) =>
      view.admin && view.stuck + view.inNeed > 0 && view.quietRounds > stuckRounds &&
      (!view.hasState || knowsCommit(view)),
    action: "replace",
  },
  {
    symptom: "This device lost its state, others are stuck, and nobody answers.",
    when: ({ admin, hasState, stuck, rounds }) => admin && !hasState && stuck > 0 && rounds > 2 * silentRounds,
    action: "replace",
  },
  {
    symptom: "It is not known which commit is to blame; others need help, and nobody commits for long.",
    when: (view) => view.admin && knowsAnother(view) && view.inNeed > 0 && view.quietRounds > silentRounds,
    action: "replace",
  },
  {
    symptom: "Others are stuck with the same commit.",
    when: (view) => view.admin && view.hasState && knowsCommit(view) && view.stuck > 0 && view.rounds > stuckRounds,
    action: "replace",
  },
  {
    symptom: "Nobody answers about the commit.",
    when: (view) => view.admin && view.hasState && knowsCommit(view) && view.rounds > silentRounds,
    action: "replace",
  },
  {
    symptom: "No other device is left to ask.",
    when: ({ alone, hasState }) => alone && hasState,
    action: "replace",
  },
  {
    symptom: "The commit's header does not open.",
    when: (view) => view.desync.need === "reseal" && view.rounds <= resealRounds && view.hasState && knowsCommit(view),
    action: "ask-reseal",
  },
  {
    symptom: "Anything else that keeps this device out of step.",
    when: () => true,
    action: "ask-readd",
  },
];

/** @returns the action of this round */
export function decideRecovery(view: RecoveryView): RecoveryAction {
  return recoveryPolicy.find(({ when }) => when(view))!.action;
}
