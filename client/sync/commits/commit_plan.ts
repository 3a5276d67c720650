/**
 * The purpose of a commit, and the part of it that is still to do in the present group. Pure decisions;
 * committer.ts acts.
 */

import { type Bytes, concat, equalBytes, toHex } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import {
  changedData,
  type GroupDataChange,
  type GroupInfo,
  GroupUsageError,
  type InfoChange,
  openReadd,
  parseKeyPackage,
  type PendingCommit,
  sameData,
} from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";

/**
 * The part of a plan that is still to do in the present group.
 *
 * @param present recipientKeys of the members as hex
 * @param leaves whether stored leave proposals wait for a commit
 * @param changesInfo whether the plan's name, roles or data differ from the group's
 * @returns undefined when nothing is left
 */
export function remainingPlan(
  plan: CommitPlan,
  present: ReadonlySet<string>,
  ownKey: string,
  leaves: boolean,
  changesInfo = false,
): CommitPlan | undefined {
  const remove = plan.remove.filter((recipientKey) =>
    present.has(toHex(recipientKey)) && toHex(recipientKey) !== ownKey
  );
  const removed = new Set(remove.map(toHex));
  // A re-add always removes and adds. A device that was removed meanwhile stays out.
  const putsBack = plan.purpose === "readd" || plan.purpose === "repair";
  const add = plan.add.filter(({ recipientKey }) =>
    removed.has(toHex(recipientKey)) || (!putsBack && !present.has(toHex(recipientKey)))
  );
  const needed = ["update", "create", "repair", "renew"].includes(plan.purpose) ||
    (plan.purpose === "info" && changesInfo) ||
    (plan.purpose === "leaves" && leaves) || add.length > 0 || remove.length > 0;
  return needed ? { ...plan, add, remove } : undefined;
}

/** @returns commit ‖ welcome ‖ headers, as `DeliveryService.commit` streams it */
export function bundleBody({ bundle }: Pick<PendingCommit, "bundle">): { body: Bytes; headersLength: number } {
  const headers = concat(...bundle.headers.flatMap(({ recipientKey, header }) => [recipientKey, header]));
  return { body: concat(bundle.sealedCommit, bundle.sealedWelcome, headers), headersLength: headers.length };
}

/** @returns the planned changes that are not done yet, without roles of accounts that have left */
export function infoChangeOf({ name, roles, data }: CommitPlan, now: GroupInfo): InfoChange | undefined {
  const after = Object.fromEntries(Object.entries({ ...now.roles, ...roles }).filter(([, role]) => role === "admin"));
  const dataChange: GroupDataChange = Object.fromEntries(
    Object.entries(data ?? {}).map(([field, value]) => [field, value ?? undefined]),
  );
  const change: InfoChange = {
    ...(name !== undefined && name !== now.name && { name }),
    ...(roles && Object.entries(roles).some(([account, role]) => (now.roles[account] ?? "member") !== role) &&
      { roles: after }),
    ...(data && !sameData(changedData(now.data, dataChange), now.data) && { data: dataChange }),
  };
  return Object.keys(change).length > 0 ? change : undefined;
}

/**
 * The facts of a re-add plan, by recipientKey as hex: the X-Wing keys of the KeyPackages, and the epochs in
 * which the devices asked.
 */
export interface Readds {
  keys: Map<string, Uint8Array>;
  askedIn: Map<string, number>;
}

/** @returns the plan's facts for {@link isReadded} */
export async function readdsOf({ add, requests = [] }: CommitPlan): Promise<Readds> {
  const [keys, asked] = await Promise.all([
    Promise.all(
      add.map(async ({ recipientKey, keyPackage }) =>
        [toHex(recipientKey), (await parseKeyPackage(keyPackage)).xwingPublicKey] as const
      ),
    ),
    Promise.all(requests.map(openReadd)),
  ]);
  return {
    keys: new Map(keys),
    askedIn: new Map(
      asked.flatMap((request) => request ? [[toHex(request.recipientKey), Number(request.epoch)] as const] : []),
    ),
  };
}

/**
 * Whether another member has already carried the request out. Then the KeyPackage is in the tree, or the
 * device was re-added after its request and has renewed its keys since.
 */
export function isReadded(
  conversation: Pick<ConversationTransaction, "members" | "record">,
  { add }: CommitPlan,
  { keys, askedIn }: Readds,
): boolean {
  const members = conversation.members();
  return add.every(({ recipientKey }) => {
    const key = toHex(recipientKey);
    const member = members.find((candidate) => equalBytes(candidate.recipientKey, recipientKey));
    const since = conversation.record.readded?.find((readded) => readded.recipientKey === key)?.n ?? 0;
    return member === undefined || equalBytes(member.xwingPublicKey, keys.get(key)!) ||
      since > (askedIn.get(key) ?? since);
  });
}

/** Maps a failed plan to the error that the user sees. */
export function planError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof GroupUsageError) {
    if (error.code === "GRP-2.8") return new EngineError({ code: LocalCode.notUnderstood, detail: error.message });
    if (error.code.startsWith("GRP-")) {
      return new EngineError({ code: LocalCode.notAllowed, detail: `${error.code} ${error.message}` });
    }
    if (error.code.startsWith("key-package")) {
      return new EngineError({ code: LocalCode.badKeyPackage, detail: error.message });
    }
    if (error.code === "not-active") return new EngineError({ code: LocalCode.notInChat, detail: error.message });
    return new EngineError({ code: LocalCode.internal, detail: `${error.code} ${error.message}` });
  }
  throw error;
}
