/**
 * The commands of qpq with their arguments, options and examples. Help and completion are generated from this
 * table.
 */

export interface Option {
  /** The placeholder of its value in help; none for a switch. */
  value?: string;
  short?: string;
  what: string;
}

export interface Command {
  /** Positional arguments as help shows them; `…` for one or more, brackets for optional. */
  args: string;
  what: string;
  options?: Record<string, Option>;
  /** The command needs no server. */
  local?: true;
  examples: string[];
}

/** Options of every command. */
export const globalOptions: Record<string, Option> = {
  server: { value: "HOST:PORT", what: "the core (QPQ_SERVER; 127.0.0.1:7443)" },
  pin: { value: "HEX", what: "SHA-256 of the core's certificate, as it prints it at its start (QPQ_CORE_PIN)" },
  ca: {
    value: "FILE",
    what: "PEM of the authority that the core's certificate is checked by, where no pin is given (QPQ_CORE_CA)",
  },
  state: { value: "FILE", what: "where this device's state is (QPQ_STATE; ./qpq-state.db)" },
  "passphrase-file": { value: "FILE", what: "encrypts the state, or opens an encrypted one (QPQ_PASSPHRASE)" },
  timeout: { value: "SECONDS", what: "how long to wait for the network (30)" },
  json: { what: "one JSON object a line on standard output" },
  help: { short: "h", what: "this text" },
};

const generateOption: Record<string, Option> = {
  "generate-password": { what: "makes a passphrase of six random words, and prints it" },
};

const newPasswordOption: Record<string, Option> = {
  ...generateOption,
  "new-password-file": {
    value: "FILE",
    what: "first line is the new password (QPQ_NEW_PASSWORD, else asked at the terminal)",
  },
};

const passwordOptions: Record<string, Option> = {
  "password-file": { value: "FILE", what: "first line is the password (QPQ_PASSWORD, else asked at the terminal)" },
};

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
    examples: ["qpq --server chat.example.org:7443 --pin 3f5a… register alice"],
  },
  login: {
    args: "<username>",
    what: "Makes this state a device of the account, or signs it in again where its session has ended.",
    options: passwordOptions,
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
    examples: ["qpq recover alice"],
  },
  logout: {
    args: "",
    what: "Ends the session and deletes everything of the account from the state.",
    examples: ["qpq logout"],
  },
  whoami: {
    args: "",
    what: "Prints username, public key and device. Asks no server.",
    local: true,
    examples: ["qpq whoami", "qpq whoami --json"],
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
    what: "Accepts the invitation to a group, or all that wait.",
    examples: ["qpq join", 'qpq join "Board games"'],
  },
  send: {
    args: "<group> <message>",
    what: "Sends a message and ends when the server has it on disk. `-` reads it from standard input.",
    examples: ['qpq send "Board games" "On Friday?"', "git log -1 | qpq send builds -"],
  },
  recv: {
    args: "[group]",
    what:
      "Prints what has come since the last time, in the order of its arrival. Where a group is to be repaired, waits " +
      "for that up to 12 s.",
    options: { follow: { short: "f", what: "go on until interrupted" } },
    examples: ["qpq recv", "qpq recv builds --follow --json"],
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
    examples: ["qpq passwd", "qpq passwd --password-file old.txt --new-password-file new.txt"],
  },
  "recovery-code": {
    args: "",
    what: "Makes a new recovery code: the one before is void.",
    options: passwordOptions,
    examples: ["qpq recovery-code"],
  },
  account: {
    args: "<delete>",
    what: "Deletes the account for good: leaves its groups, deletes what the server has of it, and empties the " +
      "state. Its name stays reserved, and others keep the messages that they got. Needs --yes and the password.",
    options: { yes: { what: "it can not be undone: say that you mean it" }, ...passwordOptions },
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
};

/** The exit codes of the process. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  signedOut: 3,
  offline: 4,
  state: 5,
  unfinished: 6,
  hungUp: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const;

const optionLine = ([name, { value, short, what }]: [string, Option]) =>
  `  ${`${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`.padEnd(26)}  ${what}`;
const synopsis = (name: string) => `qpq ${name}${commands[name].args ? ` ${commands[name].args}` : ""}`;

const exitCodesLine = "exit codes: 0 done, 1 failed, 2 wrong usage, 3 not signed in, 4 no connection, " +
  "5 the state can not be used, 6 recv left something undone, 130 interrupted";

/** @returns the text of `qpq --help`, or of a command's */
export function helpText(command?: string): string {
  if (command === undefined) {
    return `qpq: end-to-end encrypted group messages from a shell

usage: qpq [options] <command> …

${
      Object.entries(commands).map(([name, { what }]) =>
        `  ${synopsis(name).slice(4).padEnd(30)}  ${what.split(/[.:] |\.$/)[0]}`
      ).join("\n")
    }

options of every command:
${Object.entries(globalOptions).map(optionLine).join("\n")}

A <group> is a name or the beginning of its id; an <identity> is a username or a public key in hex.
${exitCodesLine}
A message or name that begins with a dash stands after --.

example:
  qpq register alice && qpq create-group friends && qpq invite friends bob && qpq send friends "hello"
`;
  }
  const { what, options = {}, examples } = commands[command];
  return `usage: ${synopsis(command)}

${what}

${
    Object.keys(options).length > 0
      ? `options:\n${Object.entries(options).map(optionLine).join("\n")}\n\n`
      : ""
  }options of every command:
${Object.entries(globalOptions).map(optionLine).join("\n")}

${examples.length > 1 ? "examples" : "example"}:
${examples.map((example) => `  ${example}`).join("\n")}
`;
}
