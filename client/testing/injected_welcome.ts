/** A Welcome that a malicious server with an ordinary account injects: its own group under another channel's id. */

import { equalBytes, fromHex } from "../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import type { ChannelKind } from "../mls/group.ts";
import type { TestCore } from "./core.ts";
import { deviceOf } from "./forged_group.ts";
import { injectedEntry } from "./injected_entry.ts";
import { outsider } from "./outsider.ts";
import type { Person } from "./person.ts";

/**
 * @param maker of the group; its engine is closed
 * @param group what it says of itself, and who else is in it
 * @param victim gets the entries that are returned, for an epoch after those that it has been in
 */
export async function forgedReturn(
  core: TestCore,
  maker: Person,
  group: { chatId: string; name: string; kind: ChannelKind; others: Person[] },
  victim: Person,
): Promise<{ removal: Entry; welcome: Entry }> {
  await maker.engine.close();
  const { rpc, mls } = await outsider(core, maker);
  const { keyPackage, keyPackages } = await deviceOf(maker, rpc, [victim, ...group.others]);
  const channelId = fromHex(group.chatId);
  let state = await mls.createGroup({
    channelId,
    keyPackage,
    info: { name: group.name, kind: group.kind, createdMs: 1 },
  });
  for (let epoch = 1; epoch < 4; epoch++) {
    const { newState, pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    state = mls.mergePending(newState, pending);
  }
  const { pending: { commitId, baseEpoch, bundle } } = await mls.buildCommit(state, {
    add: keyPackages,
    nowMs: Date.now(),
  });
  const to = await victim.recipientKey();
  const { header } = bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, to))!;
  const epoch = Number(baseEpoch) + 1;
  const body = bundle.sealedWelcome;
  return {
    removal: injectedEntry(channelId, { kind: EntryKind.REMOVED, epoch }),
    welcome: injectedEntry(channelId, { kind: EntryKind.WELCOME, epoch, seq: 1_001, id: commitId, header, body }),
  };
}
