/**
 * Structured logs: one JSON object per line on stderr. They contain no tokens, keys or content; callers
 * shorten ids to a prefix.
 */

export const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = typeof logLevels[number];

/** The fields of a line besides its time, level and event. */
export type LogFields = Record<string, string | number | boolean | undefined>;

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
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: lineLevel, event, ...fields }));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** @returns an error as log fields: its name and message, and its stack when it is an `Error` */
export function errorFields(error: unknown): LogFields {
  return error instanceof Error
    ? { error: `${error.name}: ${error.message}`, stack: error.stack }
    : { error: String(error) };
}
