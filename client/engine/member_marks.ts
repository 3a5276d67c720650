/** What is shown of a member beside its username: its face, the marks of its key, and whether the user blocks it. */

import { toHex } from "../../schema/bytes.ts";
import type { PinMarks } from "../sync/conversation/projection.ts";
import type { Faces } from "./faces.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";

/** @returns the marks of people, as pins and settings stand now @throws StorageError */
export async function memberMarks(
  { account: { directory, settings }, ownKey }: Pick<SyncContext, "account" | "ownKey">,
  faces: Pick<Faces, "of">,
): Promise<PinMarks> {
  const [known, pins] = [await directory.known(), await directory.pins()];
  const marked = known.filter(({ accountKey, verified, changedKey }) =>
    toHex(accountKey) !== ownKey && (verified || changedKey)
  );
  const marks = new Map(
    marked.map((
      { accountKey, changedKey },
    ) => [toHex(accountKey), changedKey ? { keyChanged: true as const } : { verified: true as const }]),
  );
  const pinned = new Map(pins.map(({ username, accountKey }) => [username, toHex(accountKey)]));
  const isReplaced = (username: string, accountKey: string) => (pinned.get(username) ?? accountKey) !== accountKey;
  return ({ username, accountKey }) => ({
    ...(isReplaced(username, accountKey)
      ? { keyReplaced: true as const }
      : { ...faces.of(accountKey), ...marks.get(accountKey) }),
    ...(settings.isBlocked(accountKey) && { blocked: true as const }),
  });
}
