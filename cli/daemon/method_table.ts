/**
 * The methods that programs call: each is a command of qpq under a name of its own, with named parameters. docs/cli.md
 * has the same table (a test compares them).
 */

/** Where a parameter goes: a positional argument, several, standard input, or an option of the command. */
export type Place = "argument" | "arguments" | "input" | "within" | `option ${string}` | `switch ${string}`;

export interface MethodRow {
  command: string;
  /** By name, in the order of the command's arguments; "?" marks one that may be left out. */
  params: Record<string, Place>;
  /** It answers a list of records; the others answer their one record. */
  isList?: true;
}

const message = { id: "argument" } as const;
const inGroup = { "group?": "within" } as const;

/** The methods by their names. */
export const methodTable: Record<string, MethodRow> = {
  whoami: { command: "whoami", params: {} },
  send: { command: "send", params: { group: "argument", text: "input" } },
  dm: { command: "dm", params: { person: "argument", "text?": "input" } },
  reply: { command: "reply", params: { ...message, text: "input", ...inGroup } },
  react: { command: "react", params: { ...message, emoji: "argument", "takeBack?": "switch take-back", ...inGroup } },
  edit: { command: "edit", params: { ...message, text: "input", ...inGroup } },
  delete: { command: "delete", params: { ...message, "forMe?": "switch for-me", ...inGroup } },
  poll: {
    command: "poll",
    params: { group: "argument", question: "argument", options: "arguments", "several?": "switch several" },
  },
  vote: { command: "vote", params: { ...message, "options?": "arguments", "end?": "switch end", ...inGroup } },
  history: { command: "history", params: { group: "argument", "tail?": "option tail" }, isList: true },
  search: { command: "search", params: { text: "argument", "group?": "argument" }, isList: true },
  chats: { command: "groups", params: {}, isList: true },
  "groups.create": { command: "create-group", params: { name: "argument" } },
  "groups.add": { command: "invite", params: { group: "argument", people: "arguments" } },
  "groups.remove": { command: "remove", params: { group: "argument", people: "arguments" }, isList: true },
  "groups.join": { command: "join", params: { "group?": "argument" }, isList: true },
  "groups.leave": { command: "leave", params: { group: "argument" } },
  "groups.rename": { command: "rename", params: { group: "argument", name: "argument" } },
  "groups.role": { command: "role", params: { group: "argument", person: "argument", role: "argument" } },
  "groups.members": { command: "members", params: { group: "argument" }, isList: true },
  "files.send": {
    command: "send",
    params: {
      group: "argument",
      path: "option file",
      "caption?": "option caption",
      "withMetadata?": "switch with-metadata",
    },
  },
  "files.save": { command: "save", params: { ...message, path: "argument", ...inGroup } },
};
