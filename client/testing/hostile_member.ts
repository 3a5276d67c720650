/** A hostile member: its engine is closed, and the test uses its session and state by hand. */

import { type Bytes, concat, fromHex, sha256, toHex } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { CommitHeader, GroupState, Mls, PendingCommit } from "../mls/group.ts";
import type { TestCore } from "./core.ts";
import { outsider } from "./outsider.ts";
import type { Person } from "./person.ts";

export interface Hostile {
  rpc: RpcClient;
  mls: Mls;
  state: GroupState;
}

/** What a commit call says, where it is not the plain truth. */
export interface Lies {
  removed?: Bytes[];
  added?: Bytes[];
  welcome?: Bytes;
  headers?: CommitHeader[];
  commit?: Bytes;
}

export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

/** Takes over from the person's engine, which is closed. */
export async function takeOver(core: Pick<TestCore, "transport">, person: Person, chatId: string): Promise<Hostile> {
  await person.engine.close();
  const { rpc, mls, state } = await outsider(core, person);
  return { rpc, mls, state: await state(chatId) };
}

/** Sends a commit with some of it replaced. */
export async function sendCommit(
  { rpc }: Pick<Hostile, "rpc">,
  chatId: string,
  { baseEpoch, commitId, bundle, ...pending }: PendingCommit,
  lies: Lies = {},
): Promise<void> {
  const commit = lies.commit ?? bundle.sealedCommit;
  const welcome = lies.welcome ?? bundle.sealedWelcome;
  const headers = concat(
    ...(lies.headers ?? bundle.headers).flatMap(({ recipientKey, header }) => [recipientKey, header]),
  );
  const body = concat(commit, welcome, headers);
  await rpc.call(
    delivery.commit,
    {
      channelId: fromHex(chatId),
      epoch: Number(baseEpoch),
      commitId,
      sha256: await sha256(body),
      commitLength: commit.length,
      welcomeLength: welcome.length,
      headersLength: headers.length,
      removed: lies.removed ?? pending.removed,
      added: lies.added ?? pending.added,
    },
    {},
    body,
  );
}

/** @returns the headers without those of one device */
export function without(headers: CommitHeader[], recipientKey: Uint8Array): CommitHeader[] {
  return headers.filter((header) => toHex(header.recipientKey) !== toHex(recipientKey));
}
