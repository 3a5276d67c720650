/** The devices that share channels with an account, for notices of its device list. */

import type { Bytes } from "../../../../schema/bytes.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

interface Row {
  channelId: Bytes;
  recipientKey: Bytes;
  own: number;
}

export const accountChannelOperations: Pick<Operations<DeliveryStore>, "accountChannels"> = {
  accountChannels(db, { accountKey, most }) {
    const account = db.get<{ version: number }>(
      "SELECT list_version AS version FROM accounts WHERE account_key = ?",
      accountKey,
    );
    const own = db.all<{ recipientKey: Bytes }>(
      "SELECT recipient_key AS recipientKey FROM devices WHERE account_key = ? AND enrolled = 1",
      accountKey,
    );
    const channels: { channelId: Bytes; devices: { recipientKey: Bytes; own: boolean }[] }[] = [];
    let current = "";
    for (const { channelId, recipientKey, own } of rowsOf(db, accountKey, most)) {
      const id = String(channelId);
      if (id !== current) channels.push({ channelId, devices: [] });
      current = id;
      channels[channels.length - 1].devices.push({ recipientKey, own: own === 1 });
    }
    return { version: account?.version ?? 0, own: own.map(({ recipientKey }) => recipientKey), channels };
  },
};

/** The newest channels come first: these are what a bound on the rows keeps. */
function rowsOf(db: Database, accountKey: Bytes, most: number): Row[] {
  if (most === 0) return [];
  return db.all<Row>(
    `SELECT channel_id AS channelId, recipient_key AS recipientKey, ifnull(account_key = ?, 0) AS own
     FROM members JOIN channels USING (channel) JOIN queues USING (queue) LEFT JOIN devices USING (recipient_key)
     WHERE dropped = 0 AND channel IN (
       SELECT channel FROM devices JOIN queues USING (recipient_key) JOIN members USING (queue)
       WHERE account_key = ?)
     ORDER BY channel DESC LIMIT ?`,
    accountKey,
    accountKey,
    most,
  );
}
