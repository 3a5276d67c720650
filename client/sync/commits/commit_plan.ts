/** What a commit is for, and what is left of that in the group as it is now. Pure decisions; committer.ts acts. */

import { type Bytes, concat, equalBytes, toHex } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import {
  type GroupInfo,
  GroupUsageError,
  type InfoChange,
  openReadd,
  parseKeyPackage,
  type PendingCommit,
} from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";

/**
 * What of a plan is still to do in a group as it is now.
 *
 * @param present recipientKeys of the members as hex
 * @param leaves whether stored leave proposals wait for a commit
 * @param changesInfo whether the plan's name or roles differ from the group's
 * @returns undefined when nothing is
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
  // One that is to be put back comes in only as it goes out: if it was removed meanwhile, it stays out.
  const putsBack = plan.purpose === "readd" || plan.purpose === "repair";
  const add = plan.add.filter(({ recipientKey }) =>
    removed.has(toHex(recipientKey)) || (!putsBack && !present.has(toHex(recipientKey)))
  );
  const needed = ["update", "create", "repair"].includes(plan.purpose) || (plan.purpose === "info" && changesInfo) ||
    (plan.purpose === "leaves" && leaves) || add.length > 0 || remove.length > 0;
  return needed ? { ...plan, add, remove } : undefined;
}

/** @returns commit ‖ welcome ‖ headers, as `DeliveryService.commit` streams it */
export function bundleBody({ bundle }: Pick<PendingCommit, "bundle">): { body: Bytes; headersLength: number } {
  const headers = concat(...bundle.headers.flatMap(({ recipientKey, header }) => [recipientKey, header]));
  return { body: concat(bundle.sealedCommit, bundle.sealedWelcome, headers), headersLength: headers.length };
}

/** @returns what the plan asks for that is not so yet; roles of accounts that have left are left out */
export function infoChangeOf({ name, roles }: CommitPlan, now: GroupInfo): InfoChange | undefined {
  const after = Object.fromEntries(Object.entries({ ...now.roles, ...roles }).filter(([, role]) => role === "admin"));
  const change: InfoChange = {
    ...(name !== undefined && name !== now.name && { name }),
    ...(roles && Object.entries(roles).some(([account, role]) => (now.roles[account] ?? "member") !== role) &&
      { roles: after }),
  };
  return Object.keys(change).length > 0 ? change : undefined;
}

/**
 * What a plan that puts devices back goes by, by recipientKey as hex: the X-Wing keys of the KeyPackages, and
 * the epochs in which the devices asked.
 */
export interface Readds {
  keys: Map<string, Uint8Array>;
  askedIn: Map<string, number>;
}

/** @returns what {@link isReadded} needs of the plan */
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
 * Whether another member has carried the request out: the KeyPackage stands in the tree, or the device was
 * put back after it had asked and has renewed its keys since.
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

/** What a plan that the rules forbid is to the user. */
export function planError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof GroupUsageError) {
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
