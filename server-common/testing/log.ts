/** A log whose events go to a function instead of stderr. */

import { type Log, type LogFields, type LogLevel, logLevels } from "../log.ts";

/** @param record called for each event, at every level */
export function logTo(record: (level: LogLevel, event: string, fields?: LogFields) => void): Log {
  const at = (level: LogLevel) => (event: string, fields?: LogFields) => record(level, event, fields);
  return Object.fromEntries(logLevels.map((level) => [level, at(level)])) as unknown as Log;
}
