/**
 * The records that `--json` prints, with the fields of each type. Programs rely on them, so fields are only added.
 * docs/cli.md has the same list (a test compares them).
 */

/** A field with "?" is present where it is known or applies. */
export const recordFields = {
  registered: ["username", "accountKey", "deviceId", "recoveryCode"],
  recovered: ["username", "accountKey", "deviceId", "recoveryCode"],
  "signed-in": ["username", "accountKey", "deviceId"],
  account: ["username", "accountKey", "deviceId"],
  "signed-out": [],
  "account-deleted": ["username"],
  exported: ["file", "chats"],
  "password-changed": [],
  "generated-password": ["password"],
  "recovery-code": ["recoveryCode"],
  "group-created": ["group", "groupId"],
  joined: ["group", "groupId"],
  renamed: ["group", "groupId"],
  timer: ["group", "groupId", "timerSeconds?"],
  invited: ["group", "groupId", "usernames"],
  removed: ["group", "groupId", "username"],
  role: ["group", "groupId", "username", "role"],
  left: ["group", "groupId", "confirmed"],
  group: ["group", "groupId", "kind", "state", "members", "unread", "activeAt", "timerSeconds?"],
  member: [
    "group",
    "groupId",
    "username",
    "displayName?",
    "accountKey",
    "role",
    "self",
    "verified",
    "keyChanged",
    "keyReplaced",
  ],
  sent: ["group", "groupId", "messageId", "sentAt"],
  kept: ["group", "groupId", "messageId"],
  changed: ["group", "groupId", "messageId", "change"],
  message: [
    "group",
    "groupId",
    "messageId",
    "sender",
    "own",
    "revokedDevice?",
    "text",
    "sentAt",
    "replyTo?",
    "attachments?",
    "edited?",
    "versions?",
    "deleted?",
    "blank?",
    "unsupported?",
    "reactions?",
    "poll?",
    "timerSeconds?",
  ],
  hit: ["group", "groupId", "messageId", "sender", "own", "text", "sentAt"],
  saved: ["group", "groupId", "messageId", "file", "name", "size"],
  notice: ["group", "groupId", "notice", "values", "at"],
  invitation: ["group", "groupId", "inviterRevoked?"],
  link: ["linkId", "kind", "letsIn", "code", "endsAt", "group?", "groupId?"],
  "link-revoked": ["linkId"],
  asked: ["username", "kind"],
  request: ["requestId", "username", "accountKey", "groupId", "note", "at"],
  "request-answered": ["username", "letIn"],
  blocked: ["username"],
  unblocked: ["username"],
  "blocked-person": ["username", "accountKey", "since"],
  device: ["deviceId", "current", "sessions", "createdAt?", "lastUsedAt?"],
  "device-revoked": ["deviceId"],
  profile: ["displayName?", "about?", "picture"],
  "safety-number": ["username", "digits", "verified", "keyChanged"],
  daemon: ["socket", "files?"],
  step: ["step", "username?", "accountKey?", "groupId?", "from?", "to?", "text?"],
} as const;

export type RecordType = keyof typeof recordFields;

type Field<Type extends RecordType> = (typeof recordFields)[Type][number];
type Optional<Name> = Name extends `${infer Bare}?` ? Bare : never;

/** A record of one type, with its fields and no others. */
export type OutputRecord = {
  [Type in RecordType]:
    & { type: Type }
    & { [Name in Exclude<Field<Type>, `${string}?`>]: unknown }
    & { [Name in Optional<Field<Type>>]?: unknown };
}[RecordType];
