/** The options of every command of qpq, and those that several commands share. */

export interface Option {
  /** The placeholder of its value in help; none for a switch. */
  value?: string;
  short?: string;
  what: string;
}

/** Options of every command. */
export const globalOptions: Record<string, Option> = {
  server: { value: "HOST:PORT", what: "the core (QPQ_SERVER; 127.0.0.1:7443)" },
  pin: { value: "HEX", what: "SHA-256 of the core's certificate, as it prints it at its start (QPQ_CORE_PIN)" },
  ca: {
    value: "FILE",
    what: "PEM of the authority that the core's certificate is checked by, where no pin is given (QPQ_CORE_CA)",
  },
  state: {
    value: "FILE",
    what: "where this device's state is (QPQ_STATE; ./qpq-state.db if it is there, else $XDG_STATE_HOME/qpq/state.db)",
  },
  "passphrase-file": { value: "FILE", what: "encrypts the state, or opens an encrypted one (QPQ_PASSPHRASE)" },
  timeout: { value: "SECONDS", what: "how long to wait for the network (30)" },
  json: { what: "one JSON object a line on standard output" },
  help: { short: "h", what: "this text" },
  version: { what: "the version of qpq" },
};

/** Asks for a made password. */
export const generateOption: Record<string, Option> = {
  "generate-password": { what: "makes a passphrase of six random words, and prints it" },
};

/** Where a new password comes from. */
export const newPasswordOption: Record<string, Option> = {
  ...generateOption,
  "new-password-file": {
    value: "FILE",
    what: "first line is the new password (QPQ_NEW_PASSWORD, else asked at the terminal)",
  },
};

/** Where a password that exists comes from. */
export const passwordOptions: Record<string, Option> = {
  "password-file": { value: "FILE", what: "first line is the password (QPQ_PASSWORD, else asked at the terminal)" },
};
