/** Failures of commands: message, hint, code and exit code. */

import { EngineError, type EngineProblem, LocalCode } from "../client/api/errors.ts";
import { StateError } from "./storage/state_error.ts";
import { exitCodes } from "./usage.ts";

/** Thrown when a command fails: the printed message, and the exit code of the process. */
export class Failure extends Error {
  override readonly name = "Failure";

  /** @param code "E001", "L004" …, or none for failures of qpq itself */
  constructor(readonly exitCode: number, message: string, readonly hint?: string, readonly code?: string) {
    super(message);
  }
}

/** @returns a failure of the command line itself */
export function wrongUsage(message: string, command?: string): Failure {
  return new Failure(exitCodes.usage, message, `qpq ${command ? `${command} ` : ""}--help`);
}

const hints: Record<string, string> = {
  E001: "sign in again with qpq login",
  E002: "sign in again with qpq login",
  E005: "wait a moment",
  E006: "ask whoever runs the server for an invite code, and give it with --invite-code",
  E007: "choose another name: 3 to 32 of a–z 0–9 . _ -, first a letter",
  E008: "try again, with the newest password",
  E026: "ask the person for an invite link, and use it with qpq join",
  E027: "ask for a new link",
  E040: "try again in a moment",
  E041: "use one copy only, each device needs a state of its own (qpq login); the next command here takes over again",
  [LocalCode.offline]: "check --server and --pin, and whether the server runs",
  [LocalCode.notSignedIn]: "sign in with qpq login, or make an account with qpq register",
  [LocalCode.weakPassword]: "use at least 12 characters, best a few unrelated words, or --generate-password",
  [LocalCode.noSuchUser]: "check the spelling",
  [LocalCode.storage]:
    "free space on its disk (or raise the file size limit, ulimit -f), and try again: nothing is lost",
  [LocalCode.vaultUnreadable]: "do not go on with this server before whoever runs it has explained it",
  [LocalCode.keyChanged]: "compare numbers with qpq verify, then take the new key with --accept-key",
  [LocalCode.keyReplaced]:
    "remove that member from the group, or start a new conversation: the key is the one that you took another for",
  [LocalCode.otherKey]: "compare the number that qpq verify prints now",
  [LocalCode.recoveryCode]: "check the code for typing errors; only the latest one counts",
  [LocalCode.notAccepted]: "look who is in it now with qpq members, then take the invitation with qpq join, or leave",
  [LocalCode.notAllowed]: "only an admin may do this",
  [LocalCode.badAnswer]: "do not go on with this server before whoever runs it has explained it",
  [LocalCode.usernameInvalid]: "choose another name: 3 to 32 of a–z 0–9 . _ -, first a letter",
  [LocalCode.wrongPassword]: "check username and password",
  [LocalCode.noSuchDevice]: "look at the account's devices with qpq devices",
  [LocalCode.badKeyPackage]: "the owner of the device must come online once with the newest version",
  [LocalCode.tooManyDevices]: "remove a device that is not used any more with qpq devices --revoke",
  [LocalCode.invisible]: "write something that people can see",
  [LocalCode.nameTooLong]: "use 200 characters at most",
  [LocalCode.tooManyPeople]: "invite 500 at most, then the others",
  [LocalCode.tooLarge]: "send it in parts",
  [LocalCode.deletionUnknown]: "ask whoever runs the server to upgrade it, or to delete the account",
  [LocalCode.linkNotUsable]: "check that the link is whole, or ask for a new one",
  [LocalCode.blocked]: "qpq unblock takes that back",
  [LocalCode.tooManyBlocked]: "unblock somebody with qpq unblock first",
  [LocalCode.badProfile]: "take a shorter one, on one line, without @",
  [LocalCode.alreadySignedIn]: "qpq logout first, or give another --state",
};

/** @returns any thrown value as a failure */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof StateError) return new Failure(exitCodes.state, error.message, error.hint);
  if (error instanceof EngineError) return failureOfProblem(error.problem);
  return new Failure(exitCodes.failed, (error as Error)?.message ?? String(error), undefined, LocalCode.internal);
}

/** @returns an engine's problem as a failure, with the hint and the exit code of its code */
export function failureOfProblem({ code, detail, retryAfterMs }: EngineProblem): Failure {
  const hint = retryAfterMs ? `try again in ${waitText(retryAfterMs)}` : hints[code];
  const exitCode = code === LocalCode.offline
    ? exitCodes.offline
    : code === LocalCode.notSignedIn || code === "E001" || code === "E002"
    ? exitCodes.signedOut
    : code === LocalCode.storage
    ? exitCodes.state
    : exitCodes.failed;
  return new Failure(exitCode, detail, hint, code);
}

function waitText(ms: number): string {
  if (ms <= 120_000) return `${Math.ceil(ms / 1000)} s`;
  return ms <= 7_200_000 ? `${Math.ceil(ms / 60_000)} minutes` : `${Math.ceil(ms / 3_600_000)} hours`;
}
