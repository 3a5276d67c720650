/**
 * This device's standing in the conversation's group as one union, and its form on disk, which is flags.
 *
 * The flags are those of the first version of the profile. They stay, so that data of every version opens.
 */

import type { RejectionCode, SkipReason, UnreadableReason } from "../../mls/types.ts";

/**
 * Why this device can not follow its group. An entry broke a rule of the group or could not be opened, or the
 * histories do not fit. The causes are stored, so they must not be renamed.
 */
export type DesyncCause =
  | RejectionCode
  | UnreadableReason
  /** Another commit made this epoch, or an epoch is missing. */
  | "fork"
  /** The stored MLS state is gone or damaged. */
  | "state-lost"
  /** The server has not been in this device's epoch. */
  | "server-behind"
  | SkipReason
  /** A commit to an epoch that this device has left. */
  | "old-epoch"
  /** The server says that this admin's device was removed, and no member has signed that. */
  | "removed"
  /** Handling the entry failed by a bug of this client, or the entry could not be stored. */
  | "internal"
  | "storage"
  /** Error E017: this device's storage went back in time. */
  | "E017";

/** Where a device stopped following its group, and the help that it needs. */
export interface Desync {
  code: DesyncCause;
  /** The epoch that could not be entered. */
  epoch: number;
  /** Hex, of the commit that could not be followed, where it is known. */
  commitId?: string;
  /** A fresh header for that commit, or a re-add of this device (specification §3.4, §3.5). */
  need: "reseal" | "readd";
  /**
   * The device (recipientKey as hex) that is proven to have made the refused commit. A replacement channel leaves its
   * account out (docs/decisions/031).
   */
  by?: string;
}

/** Where this device stands in the conversation's group. */
export type Standing =
  /** The commit that makes the channel is not on the server yet. Views do not show the conversation. */
  | { kind: "pending"; desync?: Desync }
  | { kind: "member" }
  /**
   * An entry could not be followed. This device can follow no later commit, until it is helped (specification
   * §3.4, §3.5).
   */
  | { kind: "out-of-step"; desync: Desync }
  /** This device is out of the group. `desync`: it could not follow the group before. */
  | { kind: "left"; desync?: Desync; neverShown?: true };

/** The flags of a stored record. In memory they are one {@link Standing}. */
export interface StandingFlags {
  /** Not on the server yet. */
  hidden: boolean;
  active: boolean;
  broken?: Desync;
}

interface Stands {
  standing: Standing;
}

/** @returns whether this device is in the group, as far as it knows: as a member, pending, or out of step */
export function isIn({ standing }: Readonly<Stands>): boolean {
  return standing.kind !== "left";
}

/** @returns whether this device is a member that can follow the group */
export function isMember({ standing }: Readonly<Stands>): boolean {
  return standing.kind === "member";
}

/**
 * How long an admin's word that the group has gone holds messages, in ms. Where all members were told so, by mistake or
 * by malice, nobody is heard, and each would wait for the others. What is sent into a channel that the group has left
 * is said again where the group is.
 */
const goneHoldMs = 3_600_000;

/** @returns for how long, in ms, such a word still holds messages; 0 where there is none */
export function goneHoldLeftMs({ gone }: { gone?: { atMs?: number } }, nowMs: number): number {
  const passedMs = Math.abs(nowMs - (gone?.atMs ?? 0));
  return gone ? Math.max(0, goneHoldMs - passedMs) : 0;
}

/** @returns whether views show the conversation: its channel is or was on the server */
export function isShown({ standing }: Readonly<Stands>): boolean {
  return standing.kind !== "pending" && !(standing.kind === "left" && standing.neverShown);
}

/** @returns why this device can not follow the group, if it can not */
export function desyncOf({ standing }: Readonly<Stands>): Desync | undefined {
  return standing.kind === "member" ? undefined : standing.desync;
}

/** @returns the standing after an entry that could not be followed */
export function withDesync(standing: Standing, desync: Desync): Standing {
  return standing.kind === "member" ? { kind: "out-of-step", desync } : { ...standing, desync };
}

/** @returns the standing after this device can follow the group again */
export function withoutDesync(standing: Standing): Standing {
  if (standing.kind === "out-of-step") return { kind: "member" };
  if (standing.kind === "member") return standing;
  const { desync: _desync, ...rest } = standing;
  return rest;
}

/** @returns the standing after the channel is on the server */
export function shown(standing: Standing): Standing {
  return standingOf({ ...flagsOf(standing), hidden: false });
}

/** @returns the standing after this device left the group */
export function ended(standing: Standing): Standing {
  if (standing.kind === "left") return standing;
  const desync = desyncOf({ standing });
  return { kind: "left", ...(desync && { desync }), ...(standing.kind === "pending" && { neverShown: true as const }) };
}

/** @returns the union for the flags of a stored record */
export function standingOf({ hidden, active, broken }: StandingFlags): Standing {
  const desync = broken && { desync: broken };
  if (!active) return { kind: "left", ...desync, ...(hidden && { neverShown: true as const }) };
  if (hidden) return { kind: "pending", ...desync };
  return broken ? { kind: "out-of-step", desync: broken } : { kind: "member" };
}

/** @returns the flags to store */
export function flagsOf(standing: Standing): StandingFlags {
  const desync = desyncOf({ standing });
  return {
    hidden: !isShown({ standing }),
    active: isIn({ standing }),
    ...(desync && { broken: desync }),
  };
}
