/** Commits that are being made, and what own commits did, as they are on disk. */

import type { Bytes } from "../../../schema/bytes.ts";
import type { GroupDataChange } from "../../mls/group_data.ts";

/**
 * The plan of a commit. It outlives the commit: when another member's commit wins, it is built again from the
 * plan.
 */
export interface CommitPlan {
  purpose: "create" | "add" | "remove" | "leaves" | "update" | "devices" | "info" | "readd" | "repair" | "renew";
  /** KeyPackages as published, with the device that each belongs to. */
  add: { recipientKey: Bytes; keyPackage: Bytes }[];
  /** recipientKeys */
  remove: Bytes[];
  /** A new name, and roles that change, by account key as hex. */
  name?: string;
  roles?: Record<string, "admin" | "member">;
  /** Group data that changes; null takes a field away. */
  data?: { [field in keyof GroupDataChange]?: NonNullable<GroupDataChange[field]> | null };
  /** Signed re-add requests that the commit carries out. */
  requests?: Bytes[];
}

/** The store "pending", by chatId. `commit` (encodePending) is absent between a lost race and the next build. */
export interface PendingRecord {
  plan: CommitPlan;
  commit?: Bytes;
  attempt: number;
  /** The server's members, if they were found to differ from the group's. The next commit is addressed to them. */
  serverMembers?: Bytes[];
}

/** The effect of an own commit, which must be repeated where a move has undone it. */
export interface OwnChange {
  n: number;
  /** Account keys as hex. */
  added: string[];
  removed: string[];
}
