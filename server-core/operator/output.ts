/** The standard output of commands: lines for people, or one JSON object a line for programs. */

const encoder = new TextEncoder();

export interface Output {
  readonly json: boolean;
  /** One result. */
  record(text: string, fields: Record<string, unknown>): void;
  /** Many results of one kind: a table with a heading, or an object a line. */
  table(heading: string[], rows: { cells: string[]; fields: Record<string, unknown> }[], none: string): void;
}

/** @param write takes whole lines */
export function makeOutput(json: boolean, write: (text: string) => void = writeAll): Output {
  return {
    json,
    record: (text, fields) => write(`${json ? JSON.stringify(fields) : text}\n`),
    table: (heading, rows, none) => {
      if (json) { for (const { fields } of rows) write(`${JSON.stringify(fields)}\n`); }
      else if (rows.length === 0) write(`${none}\n`);
      else write(aligned([heading, ...rows.map(({ cells }) => cells)]));
    },
  };
}

/** @returns a time as ISO 8601 in UTC to the second, or "-" */
export function time(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "-" : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** @returns bytes in a readable unit */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function aligned(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) => `${cells.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()}\n`).join(
    "",
  );
}

function writeAll(text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}
