/** Groups whose channel is replaced, by right or by force, as tests need them. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { GroupInfo, Supersedes } from "../mls/types.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { ConversationRecord } from "../sync/conversation/records.ts";
import { signReplacement } from "../sync/reinit/replacement_maker.ts";
import { deviceOf } from "./forged_group.ts";
import { type Hostile, random, sendCommit } from "./hostile_member.ts";
import type { Person } from "./person.ts";

/** The first person starts a group with the others. */
export async function replaceableGroup(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "The Long Walk");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

/** Resolves when every person has moved to a replacement channel so many times. */
export async function moved(people: Person[], chatId: string, times = 1): Promise<void> {
  for (const person of people) {
    await person.until(
      async () => (await person.notices(chatId)).filter((notice) => notice.startsWith("successor")).length === times,
      `successor ${times} in ${JSON.stringify(await person.notices(chatId))}`,
    );
    await person.sees(chatId, ({ active }) => active);
  }
}

/** @returns the record of a conversation as it lies on disk */
export async function recordOf(person: Person, chatId: string): Promise<ConversationRecord> {
  return (await new SealedStore(person.storage.restarted(), person.wrappingKey).get<ConversationRecord>(
    "groups",
    chatId,
  ))!;
}

/** A hostile member, the first of `victims`, adds everybody to a channel that says that it goes on from the group's. */
export async function forgeReplacement(
  chatId: string,
  { rpc, mls, state }: Hostile,
  victims: Person[],
  change: Partial<Supersedes> = {},
  channelId = random(32),
  infoChange: Partial<GroupInfo> = {},
  leftChannels: Uint8Array[] = [],
): Promise<void> {
  const { device, keyPackage, keyPackages } = await deviceOf(victims[0], rpc, victims.slice(1));
  const info = mls.info(state);
  const claim = {
    channelId: fromHex(chatId),
    lastEpoch: state.epoch,
    transcriptHash: mls.transcriptHash(state),
    reason: "rejected-commit",
    ...change,
  };
  const supersedes = await signReplacement(channelId, claim, device.recipientKey, device.deviceSeed);
  const fresh = await mls.createGroup({
    channelId,
    keyPackage,
    info: { name: info.name, kind: info.kind, createdMs: info.createdMs, roles: info.roles, ...infoChange, supersedes },
  });
  const { pending } = await mls.buildCommit(fresh, { add: keyPackages, leftChannels, nowMs: Date.now() });
  await rpc.call(delivery.createChannel, { channelId });
  await sendCommit({ rpc }, toHex(channelId), pending);
}
