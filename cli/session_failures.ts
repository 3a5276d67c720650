/** Why a session can not go on: what answers is another server, the session has ended, or it goes on elsewhere. */

import type { EngineEvent } from "../client/api/engine_api.ts";
import { LocalCode } from "../client/api/errors.ts";
import { Failure, failureOfProblem } from "./failure.ts";
import { exitCodes } from "./usage.ts";

/** @returns the failure of a command whose server is not the one that was named */
export const untrustedFailure = () =>
  new Failure(
    exitCodes.offline,
    "what answers is not the core that --pin or --ca names",
    "compare the pin with the one that the core prints at its start; if it is right, somebody else answers there",
    LocalCode.untrusted,
  );

/** @returns the failure of a command when the session has ended, or goes on elsewhere; undefined for other events */
export function failureOfEvent(event: EngineEvent): Failure | undefined {
  if (event.kind === "account" && event.account.kind === "ended") return endedFailure(event.account.code);
  if (event.kind !== "connection" || event.connection.kind !== "elsewhere") return undefined;
  return failureOfProblem({ code: "E041", detail: "a copy of this state has connected, and goes on as this device" });
}

/**
 * @param code the reason of the end: "E001", "E003", "revoked", "deleted"
 * @returns the failure of a command that needs a session
 */
export function endedFailure(code: string): Failure {
  const [what, hint, shown] = code === "revoked"
    ? [
      "this device was removed from the account",
      "if that was not you, change the password; qpq login makes this state a new device, and deletes its history",
      "E003",
    ]
    : code === "deleted"
    ? [
      "this account was deleted",
      "qpq export saves what this state has of it; qpq logout empties the state",
      "E003",
    ]
    : ["the session has ended", "sign in again with qpq login: groups and history stay", code];
  return new Failure(exitCodes.signedOut, what, hint, shown);
}
