/** A conversation's record as it is on disk, and back. */

import type { ConversationMember, ConversationRecord } from "./records.ts";
import { flagsOf, type StandingFlags, standingOf } from "./standing.ts";

/**
 * The record as it is on disk in "groups". The property names are those of the first version. Records of the
 * first versions contain the members, which later got their own record.
 */
export type StoredConversation =
  & Omit<ConversationRecord, "members" | "devices" | "standing" | "needsAcceptance">
  & StandingFlags
  & { members?: ConversationMember[]; mustAccept?: true };

/** @returns the record in memory, without its members and devices */
export function conversationFromStored(
  { members: _members, hidden, active, broken, mustAccept, ...same }: StoredConversation,
): Omit<ConversationRecord, "members" | "devices"> {
  return {
    ...same,
    standing: standingOf({ hidden, active, broken }),
    ...(mustAccept && { needsAcceptance: mustAccept }),
  };
}

/** @returns the record for the disk in "groups", without the members and devices */
export function conversationToStored(
  { members: _members, devices: _devices, standing, needsAcceptance, ...same }: ConversationRecord,
): StoredConversation {
  return { ...same, ...flagsOf(standing), ...(needsAcceptance && { mustAccept: needsAcceptance }) };
}
