/** `qpq-server devices USER`: an account's devices with their sessions. */

import { toHex } from "../../schema/bytes.ts";
import type { DeviceSummary } from "../storage/operator_store.ts";
import type { Command } from "./command.ts";
import { time } from "./output.ts";
import { noSuchUser } from "./users.ts";

export const devices: Command = {
  synopsis: "devices USER",
  summary: "list an account's devices and their sessions",
  details: `STATE: "listed" stands in the device list that the account has signed, "signed in" not yet, "revoked" \
was taken out by its owner, or with its account.`,
  examples: ["qpq-server devices alice", "qpq-server devices alice --json"],
  positionals: [1, 1],
  run: async ({ store, positionals: [username], output }) => {
    const found = await store.devices({ username });
    if (!found) throw noSuchUser();
    output.table(
      ["DEVICE", "STATE", "ADDED", "KEYPACKAGES", "WAITING", "SESSION", "LAST USED"],
      found.map(recordOf),
      "no devices",
    );
  },
};

/** People see a device's newest session, programs see all of them. */
function recordOf({ sessions, ...device }: DeviceSummary): { cells: string[]; fields: Record<string, unknown> } {
  const newest = sessions.at(-1);
  const session = newest ? `${toHex(newest.sessionId)}${sessions.length > 1 ? ` (+${sessions.length - 1})` : ""}` : "-";
  const { state, createdMs, keyPackages, waiting, waitingBytes } = device;
  const deviceId = toHex(device.deviceId);
  return {
    cells: [
      deviceId,
      state,
      time(createdMs),
      String(keyPackages),
      String(waiting),
      session,
      time(newest?.lastUsedMs),
    ],
    fields: {
      deviceId,
      state,
      createdMs,
      keyPackages,
      waiting,
      waitingBytes,
      sessions: sessions.map(({ sessionId, ...times }) => ({ sessionId: toHex(sessionId), ...times })),
    },
  };
}
