/**
 * Structured logs: one JSON object per line on stderr. They contain no tokens, keys or content; callers
 * shorten ids to a prefix.
 */

export const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = typeof logLevels[number];

/** The fields of a line besides its time, level and event. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** The longest text of a field. What is longer came from outside, or can be found by its beginning. */
const maxFieldLength = 2_000;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/**
 * @param level lower lines are dropped
 * @param write writes one line without its line feed
 * @param now ms since the Unix epoch
 */
export function makeLog(
  level: LogLevel,
  write: (line: string) => void = console.error,
  now: () => number = Date.now,
): Log {
  const at = (lineLevel: LogLevel) => (event: string, fields: LogFields = {}) => {
    if (logLevels.indexOf(lineLevel) < logLevels.indexOf(level)) return;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: lineLevel, event, ...bounded(fields) }));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function bounded(fields: LogFields): LogFields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" && value.length > maxFieldLength ? `${value.slice(0, maxFieldLength)}…` : value,
  ]);
  return Object.fromEntries(entries);
}

/**
 * Errors of these kinds are the runtime's own. It quotes in their messages what it was given, such as the text that
 * is no URL or no JSON: a client's text.
 */
const quoting = new Set(["RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"]);
/** The lines of a stack that say where: without the message before them. */
const frames = /^\s+at .*$/gm;

/**
 * @returns an error as log fields: its name and message, and its stack when it is an `Error`. Of an error of the
 *   runtime only its name and where it was thrown
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  if (!quoting.has(error.name)) return { error: `${error.name}: ${error.message}`, stack: error.stack };
  return { error: error.name, stack: error.stack?.match(frames)?.join("\n") };
}
