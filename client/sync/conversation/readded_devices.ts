/** Devices that were re-added at their request: while an older request is good, it must not be carried out again. */

import { toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { readdWindow } from "../../mls/readd.ts";
import type { ConversationRecord } from "./records.ts";

/**
 * @param devices that the commit of the record's epoch has re-added
 * @param committer of that commit
 * @returns the record's list with them; undefined where it stays as it is
 */
export function readdedAfter(
  { epoch, readded = [] }: Readonly<ConversationRecord>,
  devices: Member[],
  committer: Member,
): ConversationRecord["readded"] {
  const isBack = readded.some(({ recipientKey }) => recipientKey === toHex(committer.recipientKey));
  const now = [...devices, ...(isBack ? [committer] : [])].map(({ recipientKey }) => ({
    recipientKey: toHex(recipientKey),
    n: epoch,
  }));
  if (now.length === 0) return undefined;
  const before = readded.filter(({ recipientKey, n }) =>
    n + Number(readdWindow) > epoch && !now.some((device) => device.recipientKey === recipientKey)
  );
  return [...before, ...now];
}
