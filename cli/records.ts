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
  invited: ["group", "groupId", "usernames"],
  removed: ["group", "groupId", "username"],
  role: ["group", "groupId", "username", "role"],
  left: ["group", "groupId", "confirmed"],
  group: ["group", "groupId", "kind", "state", "members", "unread", "activeAt"],
  member: ["group", "groupId", "username", "accountKey", "role", "self", "verified", "keyChanged", "keyReplaced"],
  sent: ["group", "groupId", "messageId", "sentAt"],
  kept: ["group", "groupId", "messageId"],
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
    "edited?",
    "deleted?",
    "blank?",
    "unsupported?",
    "reactions?",
  ],
  notice: ["group", "groupId", "notice", "values", "at"],
  invitation: ["group", "groupId", "inviterRevoked?"],
  device: ["deviceId", "current", "sessions", "createdAt?", "lastUsedAt?"],
  "device-revoked": ["deviceId"],
  "safety-number": ["username", "digits", "verified", "keyChanged"],
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
