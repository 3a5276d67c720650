/** `qpq-server invite` and `invites`: codes that are valid for one registration each. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import { createInvite } from "../authentication/invites.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { time } from "./output.ts";

const dayMs = 24 * 3_600_000;
/** How many bytes of a code's hash name the code. The code itself is shown once and stored nowhere. */
const idBytes = 8;

export const invite: Command = {
  synopsis: "invite [DAYS]",
  summary: "make an invite code that is good for one registration (default: 7 days)",
  details: "The code is shown once: only its hash is stored. It takes effect at once in a running server.",
  examples: ["qpq-server invite", "qpq-server invite 30 --json"],
  positionals: [0, 1],
  run: async ({ store, positionals: [days = "7"], output }) => {
    if (!/^[1-9]\d{0,2}$/.test(days)) {
      throw new Failure(exitCodes.usage, "DAYS: an integer from 1 to 999", "qpq-server invite --help");
    }
    const expiresMs = (await store.clock()).trustedMs + Number(days) * dayMs;
    let codeSha256!: Uint8Array;
    const code = await createInvite({
      addInvite: (args) => {
        codeSha256 = args.codeSha256;
        return store.addInvite(args);
      },
    }, expiresMs);
    output.record(code, { code, inviteId: idOf(codeSha256), expiresMs });
  },
};

export const invites: Command = {
  synopsis: "invites [revoke ID]",
  summary: "list the invite codes, or take one back that was not used",
  details: "Codes are named by an id, because only their hashes are stored.",
  examples: ["qpq-server invites", "qpq-server invites revoke 5f0c1d2e3a4b5c6d"],
  positionals: [0, 2],
  run: (invocation) => {
    const { positionals: [action, id] } = invocation;
    if (action === undefined) return list(invocation);
    if (action !== "revoke" || !/^[0-9a-f]{16}$/.test(id ?? "")) {
      throw new Failure(exitCodes.usage, "invites, or invites revoke ID", "`qpq-server invites` shows the ids");
    }
    return revoke(invocation, fromHex(id));
  },
};

const list: Command["run"] = async ({ store, output }) => {
  const { trustedMs } = await store.clock();
  const records = (await store.invites()).map(({ codeSha256, expiresMs, usedBy }) => {
    const state = usedBy !== null ? "used" : expiresMs > trustedMs ? "open" : "expired";
    return {
      cells: [idOf(codeSha256), state, time(expiresMs), usedBy ?? "-"],
      fields: { inviteId: idOf(codeSha256), state, expiresMs, usedBy },
    };
  });
  output.table(["ID", "STATE", "EXPIRES", "USED BY"], records, "no invites");
};

async function revoke({ store, output }: Invocation, id: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!await store.withdrawInvite({ idPrefix: id })) {
    throw new Failure(exitCodes.failed, "no such invite that is not used", "`qpq-server invites` shows the ids");
  }
  output.record("revoked", { inviteId: toHex(id), revoked: true });
}

function idOf(codeSha256: Uint8Array): string {
  return toHex(codeSha256.subarray(0, idBytes));
}
