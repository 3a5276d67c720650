/** The KeyPackages of a commit's Adds: reads them, and names those that would spoil the commit. */

import type { LeafNode } from "ts-mls";
import { toHex } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { type ParsedKeyPackage, parseKeyPackage } from "./key_package.ts";
import { knowsGroupData } from "./rules_group_data.ts";
import { clashingAdds } from "./rules_unique_keys.ts";
import { infoOf, stateMembers } from "./state.ts";
import { type BadAdd, type CommitIntent, type GroupState, GroupUsageError } from "./types.ts";

/** What was read of a KeyPackage's bytes: {@link badAdds} and the building of the commit read the same ones. */
const read = new WeakMap<Uint8Array, ParsedKeyPackage>();

/**
 * @param message MLSMessage bytes of wire format mls_key_package
 * @param nowMs the corrected clock
 * @returns the checked KeyPackage
 * @throws GroupUsageError "key-package", or "key-package-lifetime" where it is not valid now
 */
export async function readAdd(message: Uint8Array, nowMs: number): Promise<ParsedKeyPackage> {
  const parsed = read.get(message) ?? await parseKeyPackage(message).catch((error) => {
    if (error instanceof MalformedError) throw new GroupUsageError("key-package", error.message);
    throw error;
  });
  read.set(message, parsed);
  if (nowMs < parsed.notBeforeMs || nowMs > parsed.notAfterMs) {
    throw new GroupUsageError(
      "key-package-lifetime",
      `a KeyPackage of ${parsed.credential.username} is not valid now`,
    );
  }
  return parsed;
}

/**
 * The Adds that members would refuse, and the whole commit with them: malformed, expired, of small order, or with a key
 * that stands in the tree or in an earlier Add (GRP-6.5); or of a version that could not read the group (GRP-2.8).
 *
 * @returns in the order of `add`
 */
export async function badAdds(
  state: GroupState,
  { add = [], remove = [], nowMs }: Pick<CommitIntent, "add" | "remove" | "nowMs">,
): Promise<BadAdd[]> {
  const results = await Promise.all(add.map((message) =>
    readAdd(message, nowMs).catch((error) => {
      if (error instanceof GroupUsageError) return error;
      throw error;
    })
  ));
  const gone = new Set(remove.map(toHex));
  const removed = new Set(
    stateMembers(state).filter(({ recipientKey }) => gone.has(toHex(recipientKey))).map(({ leafIndex }) => leafIndex),
  );
  const good: { index: number; leaf: LeafNode; username: string }[] = [];
  const bad: BadAdd[] = [];
  const info = infoOf(state);
  for (const [index, result] of results.entries()) {
    if (result instanceof GroupUsageError) bad.push({ index, reason: result.message });
    else if (!knowsGroupData(info, result)) {
      const { username } = result.credential;
      bad.push({ index, username, code: "GRP-2.8", reason: "GRP-2.8: its version does not know group data" });
    } else good.push({ index, leaf: result.keyPackage.leafNode, username: result.credential.username });
  }
  for (const place of clashingAdds(state.mls.ratchetTree, removed, good.map(({ leaf }) => leaf))) {
    const { index, username } = good[place];
    bad.push({ index, username, code: "GRP-6.5", reason: "GRP-6.5: a key of the KeyPackage is another device's" });
  }
  return bad.sort((a, b) => a.index - b.index);
}
