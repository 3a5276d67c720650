/**
 * GRP-2.8: group data is there only where every leaf names the feature "group-data". Earlier versions refuse the
 * state of a group that has it (GRP-2.6); so all refuse alike, and no admin can part a group with it.
 */

import { sameData } from "./group_data.ts";
import type { ParsedKeyPackage } from "./key_package.ts";
import type { GroupInfo, Member, Rejected } from "./types.ts";

/** Whether a device can be in a group with this information. */
export function knowsGroupData({ data }: GroupInfo, { features }: Pick<Member, "features">): boolean {
  return data === undefined || features.includes("group-data");
}

/**
 * Who is there already is judged where the data changes alone. A member that took the name out of its leaf could
 * else stop all commits.
 */
export function checkGroupData(
  { info, members }: { info: GroupInfo; members: Member[] },
  { infoAfter, removed, adds }: { infoAfter: GroupInfo; removed: Member[]; adds: ParsedKeyPackage[] },
): Rejected | undefined {
  const staying = sameData(info.data, infoAfter.data) ? [] : members.filter((member) => !removed.includes(member));
  const without = [...staying, ...adds].find((device: Member | ParsedKeyPackage) => !knowsGroupData(infoAfter, device));
  if (!without) return undefined;
  const reason = `a device of ${without.credential.username} does not know group data`;
  return { kind: "rejected", code: "GRP-2.8", reason };
}
