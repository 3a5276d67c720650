/** Events as one line each on stderr; never what a call carries. */

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Record<string, string | number | boolean | undefined>;
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/**
 * @param threshold events below it are dropped
 * @param write takes one line without its end
 * @returns a logger of JSON lines `{time, level, event, …fields}`
 */
export function makeLog(threshold: LogLevel, write: (line: string) => void, now: () => number): Log {
  return (level, event, fields = {}) => {
    if (logLevels.indexOf(level) < logLevels.indexOf(threshold)) return;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...fields }));
  };
}
