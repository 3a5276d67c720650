/** Handlers of `getSettings`, `putSettings` and `report` (docs/decisions/054). */

import { utf8 } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { checkLength, sessionOf } from "./parameters.ts";

/** Bytes of an account's sealed settings. */
const maxSettingsBytes = 128 * 1024;
/** Bytes of a report. */
const maxReportBytes = 64 * 1024;

/** Serves what an account's devices share, and reports about other accounts. */
export function addSettingsHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, onAccountChanged }: AuthenticationDeps,
): void {
  handlers.unary(
    authentication.getSettings,
    async (_params, { caller }) => await accounts.settings({ accountKey: sessionOf(caller).accountKey }),
  );

  handlers.unary(authentication.putSettings, async ({ expectedVersion, sealed, invitedOnly }, { caller }) => {
    const { accountKey, recipientKey } = sessionOf(caller);
    checkText(sealed.length, maxSettingsBytes, "settings");
    await accounts.putSettings({ accountKey, expectedVersion, sealed, invitedOnly });
    onAccountChanged?.({ accountKey, to: "own", by: recipientKey, acts: false });
    return {};
  });

  handlers.unary(authentication.report, async ({ accountKey, text }, { caller }) => {
    checkLength(accountKey, 32, "accountKey");
    checkText(utf8(text).length, maxReportBytes, "report");
    await accounts.addReport({ reporterKey: sessionOf(caller).accountKey, accountKey, text });
    return {};
  });
}

/** @throws WireError E011, E014 */
function checkText(bytes: number, most: number, what: string): void {
  if (bytes > most) throw new WireError(ErrorCode.payloadTooLarge, `${what}: at most ${most} bytes`);
  if (bytes === 0) throw new WireError(ErrorCode.malformed, `${what}: empty`);
}
