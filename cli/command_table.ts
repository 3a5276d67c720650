/**
 * The commands of qpq with their arguments, options and examples. Help and completion are generated from this
 * table.
 */

import { generateOption, newPasswordOption, type Option, passwordOptions } from "./option_table.ts";

export interface Command {
  /** Positional arguments as help shows them; `…` for one or more, brackets for optional. */
  args: string;
  what: string;
  options?: Record<string, Option>;
  /** The command needs no server. */
  local?: true;
  /** The command, or one option of it, needs the state for itself: it can not go through a daemon. */
  alone?: true | string;
  examples: string[];
}

export const commands: Record<string, Command> = {
  register: {
    args: "<username>",
    what:
      "Makes an account with this device as its first, and prints the recovery code: the one way back without the " +
      "password. Keep it. The password has at least 12 characters and is hard to guess.",
    options: {
      ...passwordOptions,
      ...generateOption,
      "invite-code": { value: "CODE", what: "where the server wants one (QPQ_INVITE_CODE)" },
    },
    alone: true,
    examples: ["qpq --server chat.example.org:7443 --pin 3f5a… register alice"],
  },
  login: {
    args: "<username>",
    what: "Makes this state a device of the account, or signs it in again where its session has ended.",
    options: passwordOptions,
    alone: true,
    examples: ["qpq login alice --password-file secret.txt"],
  },
  recover: {
    args: "<username>",
    what: "Signs this state in without the password, by the recovery code; sets a new password, and prints a new code.",
    options: {
      "recovery-code-file": {
        value: "FILE",
        what: "first line is the recovery code (QPQ_RECOVERY_CODE, else asked at the terminal)",
      },
      ...newPasswordOption,
    },
    alone: true,
    examples: ["qpq recover alice"],
  },
  logout: {
    args: "",
    what: "Ends the session and deletes everything of the account from the state.",
    alone: true,
    examples: ["qpq logout"],
  },
  whoami: {
    args: "",
    what: "Prints username, public key and device. Asks no server.",
    local: true,
    examples: ["qpq whoami", "qpq whoami --json"],
  },
  profile: {
    args: "",
    what: "Prints what you show of yourself, or changes it and tells the people of your chats.",
    options: {
      name: { value: "TEXT", what: "the name that people see; empty: your username" },
      about: { value: "TEXT", what: "a line about you; empty: none" },
      "no-picture": { what: "takes the picture away" },
    },
    examples: ["qpq profile", 'qpq profile --name "Anna Bell" --about "On the road"'],
  },
  "create-group": {
    args: "<name>",
    what: "Makes a group with you as its admin.",
    examples: ['qpq create-group "Board games"'],
  },
  invite: {
    args: "<group> <identity…>",
    what: "Adds people to a group.",
    examples: ['qpq invite "Board games" bob carol', "qpq invite 3f5a 9d61b1…"],
  },
  join: {
    args: "[group]",
    what:
      "Accepts the invitation to a group, or all that wait. An invite link opens a chat, or asks to join a group; " +
      "`-` reads it from standard input.",
    examples: ["qpq join", 'qpq join "Board games"', "qpq join - < link.txt"],
  },
  send: {
    args: "<group> [message]",
    what: "Sends a message, a file, or a file with a message, and ends when the server has it on disk. `-` reads the " +
      "message from standard input.",
    options: {
      file: { value: "FILE", what: "sends this file, at most 500 MiB; an upload that is cut off goes on later" },
      caption: { value: "TEXT", what: "what is said beside the file, in place of the message" },
      "with-metadata": {
        what: "sends the file as it is; else pictures and films go without what they say of place, time and camera",
      },
    },
    examples: [
      'qpq send "Board games" "On Friday?"',
      "git log -1 | qpq send builds -",
      'qpq send "Board games" --file rules.pdf --caption "read them first"',
    ],
  },
  recv: {
    args: "[group]",
    what:
      "Prints what has come since the last time, in the order of its arrival. Where a group is to be repaired, waits " +
      "for that up to 12 s.",
    options: {
      follow: { short: "f", what: "go on until interrupted" },
      ids: { what: "prints the beginning of each message's id, for reply, react, edit, delete and vote" },
    },
    examples: ["qpq recv", "qpq recv builds --follow --json"],
  },
  dm: {
    args: "<identity> [message]",
    what: "Finds the chat of two with a person, or begins it, and sends a message there. `-` reads the message from " +
      "standard input; without one, prints the chat.",
    examples: ['qpq dm bob "On Friday?"', "uptime | qpq dm bob -"],
  },
  history: {
    args: "<group>",
    what: "Prints what this device has of a group, the oldest first, whether it was printed before or not. Asks no " +
      "server.",
    options: {
      tail: { value: "N", what: "only the last so many lines" },
      ids: { what: "prints the beginning of each message's id, for reply, react, edit, delete and vote" },
    },
    local: true,
    examples: ["qpq history builds --tail 20", "qpq history builds --json"],
  },
  search: {
    args: "<text> [group]",
    what:
      "Prints the messages of this device that match, the newest first: all words must be there, the last one may " +
      "be a beginning, and quotes ask for a phrase. Asks no server.",
    local: true,
    examples: ["qpq search cake", 'qpq search \'"on friday" cake\' "Board games"'],
  },
  reply: {
    args: "<id> <message>",
    what: "Answers a message. `-` reads the answer from standard input. `recv --ids` prints ids.",
    examples: ['qpq reply 3f5a9d61 "At eight, as ever"'],
  },
  react: {
    args: "<id> <emoji>",
    what: "Gives a message a sign.",
    options: { "take-back": { what: "takes your sign back" } },
    examples: ["qpq react 3f5a9d61 👍", "qpq react 3f5a9d61 👍 --take-back"],
  },
  edit: {
    args: "<id> <message>",
    what: "Gives a message of yours another text. `-` reads it from standard input.",
    examples: ['qpq edit 3f5a9d61 "On Saturday?"'],
  },
  delete: {
    args: "<id>",
    what: "Deletes a message of yours for everyone.",
    options: { "for-me": { what: "deletes any message, on this device alone" } },
    examples: ["qpq delete 3f5a9d61", "qpq delete 3f5a9d61 --for-me"],
  },
  poll: {
    args: "<group> <question> <option…>",
    what: "Asks a group a question, with two options or more.",
    options: { several: { what: "several options may be chosen" } },
    examples: ['qpq poll "Board games" "Which day?" Friday Saturday', "qpq poll trips Where? lake hills sea --several"],
  },
  vote: {
    args: "<id> [option…]",
    what: "Votes in a poll, by the numbers of its options, in place of an earlier vote; without any, takes it back.",
    options: { end: { what: "ends a poll of yours: nobody can vote any more" } },
    examples: ["qpq vote 3f5a9d61 2", "qpq vote 3f5a9d61 1 3", "qpq vote 3f5a9d61 --end"],
  },
  save: {
    args: "<id> [path]",
    what: "Writes a file that came with a message to a new file, or into a folder: the present one unless told " +
      "otherwise. `recv` prints the id beside the file; `.2` behind it is the message's second file.",
    examples: ["qpq save 3f5a9d61", "qpq save 3f5a9d61.2 pictures/"],
  },
  groups: { args: "", what: "Lists groups and chats, the latest first.", examples: ["qpq groups"] },
  members: { args: "<group>", what: "Lists who is in a group.", examples: ['qpq members "Board games"'] },
  remove: {
    args: "<group> <identity…>",
    what: "Takes people out of a group; for its admins.",
    examples: ['qpq remove "Board games" bob'],
  },
  rename: {
    args: "<group> <name>",
    what: "Gives a group another name; for its admins.",
    examples: ['qpq rename "Board games" "Card games"'],
  },
  role: {
    args: "<group> <identity> <admin|member>",
    what: "Makes a person an admin, or a member again; for admins.",
    examples: ['qpq role "Board games" bob admin'],
  },
  timer: {
    args: "<group> <30s|5m|1h|1d|4w|off>",
    what: "Lets messages disappear so long after they were sent or read; in a group for its admins. From 30 seconds " +
      "to 4 weeks.",
    examples: ['qpq timer "Board games" 1w', "qpq timer bob off"],
  },
  link: {
    args: "[group]",
    what:
      "Makes an invite link: into a group of which you are an admin, or to a chat with you. Whoever has it may use " +
      "it.",
    options: {
      days: { value: "DAYS", what: "how long it lasts (7; 366 at most)" },
      "lets-in": { what: "into a group: whoever uses it is let in, without a request" },
      at: { value: "URL", what: "prints it as an address of the app there" },
    },
    examples: ["qpq link", 'qpq link "Board games" --days 2 --at https://chat.example.org'],
  },
  links: {
    args: "",
    what: "Lists your invite links, or revokes one.",
    options: {
      revoke: { value: "LINK", what: "revokes the link with this id: nobody can use it any more" },
      at: { value: "URL", what: "prints them as addresses of the app there" },
    },
    examples: ["qpq links", "qpq links --revoke 3f5a"],
  },
  requests: {
    args: "",
    what: "Lists who asks by your links to be let into a group, or answers one.",
    options: {
      "let-in": { value: "PERSON", what: "lets this person in" },
      decline: { value: "PERSON", what: "declines: the person is told nothing" },
    },
    examples: ["qpq requests", "qpq requests --let-in bob"],
  },
  block: {
    args: "<identity…>",
    what: "Shows nothing of people any more, on all devices of the account. They are told nothing.",
    examples: ["qpq block mallory"],
  },
  unblock: {
    args: "<identity…>",
    what: "Shows again what people write from now on.",
    examples: ["qpq unblock mallory"],
  },
  blocked: { args: "", what: "Lists whom you block.", examples: ["qpq blocked"] },
  leave: { args: "<group>", what: "Leaves a group.", examples: ['qpq leave "Board games"'] },
  devices: {
    args: "",
    what: "Lists the devices of the account.",
    options: {
      revoke: {
        value: "DEVICE",
        what: "takes this device out of the account and of all groups (asks for the password)",
      },
      ...passwordOptions,
    },
    alone: "revoke",
    examples: ["qpq devices", "qpq devices --revoke 5f0c"],
  },
  verify: {
    args: "<identity>",
    what: "Prints the safety number that you and a person share. Compare it with theirs by another way, then say so.",
    options: {
      verified: { what: "the numbers were the same" },
      unverified: { what: "takes that back" },
      "accept-key": { what: "take the account's new key, after a change; needs --number" },
      number: { value: "DIGITS", what: "the number that you have compared: with another nothing is stored" },
    },
    examples: ["qpq verify bob", "qpq verify bob --verified", 'qpq verify bob --accept-key --number "00934 71520 …"'],
  },
  passwd: {
    args: "",
    what: "Changes the password. Every other device has to sign in again.",
    options: { ...passwordOptions, ...newPasswordOption },
    alone: true,
    examples: ["qpq passwd", "qpq passwd --password-file old.txt --new-password-file new.txt"],
  },
  "recovery-code": {
    args: "",
    what: "Makes a new recovery code: the one before is void.",
    options: passwordOptions,
    alone: true,
    examples: ["qpq recovery-code"],
  },
  account: {
    args: "<delete>",
    what: "Deletes the account for good: leaves its groups, deletes what the server has of it, and empties the " +
      "state. Its name stays reserved, and others keep the messages that they got. Needs --yes and the password.",
    options: { yes: { what: "it can not be undone: say that you mean it" }, ...passwordOptions },
    alone: true,
    examples: ["qpq export --output mine.jsonl", "qpq account delete --yes"],
  },
  export: {
    args: "",
    what: "Prints what this device has of the account as JSON Lines: account, people, groups, messages, and no keys. " +
      "Asks no server.",
    options: {
      output: { value: "FILE", what: "writes a new file that only you can read, in place of standard output" },
    },
    local: true,
    examples: ["qpq export --output mine.jsonl", "qpq export | gzip > mine.jsonl.gz"],
  },
  daemon: {
    args: "",
    what:
      "Holds the state, and serves JSON-RPC 2.0 at a socket beside it, until it is interrupted. Every other command " +
      "goes through it meanwhile.",
    options: {
      stdio: { what: "serves standard input and output as well, and ends with standard input" },
      files: { value: "FOLDER", what: "where files may be read and written; without it none" },
    },
    alone: true,
    examples: ["qpq daemon", "qpq daemon --files ~/exchange", "qpq daemon --stdio"],
  },
  "demo-group": {
    args: "",
    what: "alice, bob and carol in one process: accounts, a group, messages, a removal. " +
      "Without --server against a core of its own, whatever QPQ_SERVER says.",
    examples: ["qpq demo-group", "qpq demo-group --server chat.example.org:7443 --ca core.pem"],
  },
  completion: {
    args: "<bash|zsh|fish>",
    what: "Prints a completion script for a shell.",
    examples: ['eval "$(qpq completion bash)"'],
  },
  help: {
    args: "[command]",
    what: "Prints what a command does, with its options and examples, or the list of all commands.",
    examples: ["qpq help", "qpq help send"],
  },
  man: {
    args: "",
    what: "Prints the manual page of qpq, in the form that `man` reads.",
    examples: ["qpq man > ~/.local/share/man/man1/qpq.1"],
  },
};
