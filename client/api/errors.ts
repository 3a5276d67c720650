/** The errors that the engine reports: a stable code, and a detail for logs. */

/** An error as plain data. `code`: the server's ("E001" …) or one of the engine's own ("L001" …, docs/errors.md). */
export interface EngineProblem {
  code: string;
  /** For logs, English, without secrets. The page shows the sentence of its catalogue for `code`. */
  detail: string;
  retryAfterMs?: number;
}

/** All methods of the engine reject with this. Across a port, `problem` is preserved. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(readonly problem: EngineProblem) {
    super(`${problem.code} ${problem.detail}`);
  }
}

/** The engine's own codes; the wire's are in schema/rpc/errors.ts. */
export const LocalCode = {
  offline: "L001", // no connection to the server
  notSignedIn: "L002",
  weakPassword: "L003", // too short, too long, or easily guessed
  noSuchUser: "L004",
  storage: "L005", // the device's storage can not be read or written
  vaultUnreadable: "L006", // the vault does not open, or is older than one seen before
  keyChanged: "L007", // an account answers with another key than the pinned one
  hybridLayer: "L008", // a payload without, or with a failing, hybrid layer
  noWebLocks: "L009", // one engine only: this browser has no Web Locks
  notInChat: "L010",
  tooLarge: "L011", // a text, file or other content over its limit
  alreadySignedIn: "L012",
  clockOff: "L013", // this device's clock is off by more than an hour; the server's is used where it counts
  recoveryCode: "L014", // not a recovery code, or not this account's
  outcomeUnknown: "L015", // the tab that did it was closed before it could say how it ended
  keyReplaced: "L016", // a member of the chat has a key that the user has replaced by another
  otherKey: "L017", // the key is not the one whose safety number was shown
  notAccepted: "L018", // an invitation that has to be accepted before anything is sent
  notAllowed: "L019", // a rule of the chat forbids the action, for example because only an admin may do it
  badAnswer: "L020", // the server's answer is malformed, or does not prove what it says
  usernameInvalid: "L021", // not a username: schema/username.ts
  wrongPassword: "L022", // the server's answer to the login does not open with this password
  noSuchDevice: "L023", // not a device of the account
  badKeyPackage: "L024", // a fetched KeyPackage fails the checks, or is not valid now
  tooManyDevices: "L025", // the account's device list is full
  nameTooLong: "L026", // the name of a group
  tooManyPeople: "L027", // more than one request may add
  notUtf8: "L031", // a file with a password or passphrase that is to be made, and is not UTF-8
  invisible: "L032", // a message or name in which nothing can be seen, or with half of a character
  untrusted: "L033", // what answers is not the core that the pin or authority names
  otherVersion: "L034", // the engine runs in a tab of another version of the app
  brokenAgain: "L035", // a member breaks a group again and again, and an admin has to remove it
  takenOver: "L036", // another engine has opened this profile since
  deletionUnknown: "L037", // the server is of a version that can not delete an account
  badCursor: "L038", // a part of an export that does not exist
  searchIndex: "L040", // the index of the search can not be opened or built on this device
  badFile: "L039", // a file that can not be sent as it is, or an attachment that does not open
  linkNotUsable: "L041", // an invite link that is malformed, over, or of another account
  blocked: "L042", // the user blocks the person
  unanswered: "L043", // an invitation that has to be accepted or declined before it can be deleted
  notUnderstood: "L044", // a device in the chat has a version that can not read it
  badProfile: "L045", // a display name or a line about oneself that can not be one
  badPicture: "L046", // a picture of a person or a group that can not be one, or that nobody known has
  tooManyBlocked: "L047", // as many people are blocked as can be
  internal: "L050",
} as const;
