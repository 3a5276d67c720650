/** Admins' devices, which alone make successor channels: who they are, and one after another. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import type { GroupState } from "../mls/group.ts";
import { pause } from "./environment.ts";
import type { ChatRecord } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";

/** Between the admins that may make a successor, in ms. */
const turnMs = 3_000;

/** @param accountKey hex */
export function isAdmin({ members }: Readonly<ChatRecord>, accountKey: string): boolean {
  return members.some((member) => member.accountKey === accountKey && member.role === "admin");
}

/** @returns recipientKeys of all devices of the chat's admins, as far as their lists are known */
export async function devicesOfAdmins({ account: { directory } }: Pick<SyncContext, "account">, { members }: Readonly<ChatRecord>): Promise<Uint8Array<ArrayBuffer>[]> {
  const known = await Promise.all(members.filter(({ role }) => role === "admin").map(({ accountKey }) => directory.byKey(fromHex(accountKey))));
  return known.flatMap((account) => account?.devices.devices.map(({ recipientKey }) => recipientKey) ?? []);
}

/**
 * Waits for this device's turn, in the order of recipientKeys. One whose state is gone is the last to try.
 *
 * @param signal ends the waiting early
 */
export async function turnOfAdmin({ mls, account, environment }: Pick<SyncContext, "mls" | "account" | "environment">, state: GroupState | undefined, signal: AbortSignal): Promise<void> {
  const admins = (state ? mls.members(state) : []).filter(({ role }) => role === "admin").map(({ recipientKey }) => toHex(recipientKey)).sort();
  const turn = state ? admins.indexOf(toHex(account.recipientKey)) : 10 * environment.random() + 5;
  await pause(environment, Math.max(0, turn) * turnMs + environment.random() * 1_000, signal);
}
