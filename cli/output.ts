/** What goes to standard output: lines for people, or one JSON object a line. All else goes to standard error. */

const encoder = new TextEncoder();

export interface Output {
  /** One result: `text` for people, `record` for programs. Resolves when it is written. */
  line(text: string, record: Record<string, unknown>): Promise<void>;
  /** What happens meanwhile, for people at a terminal. */
  note(text: string): void;
}

export function makeOutput(json: boolean): Output {
  return {
    line: (text, record) => writeAll(`${json ? JSON.stringify(record) : text}\n`),
    note: (text) => {
      if (!json && Deno.stderr.isTerminal()) console.error(`qpq: ${printable(text)}`);
    },
  };
}

async function writeAll(text: string): Promise<void> {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

/**
 * Removes what could steer a terminal from foreign text: control characters but tab and newline, and characters that turn the direction of writing. What follows a newline is set
 * in, because a line of qpq's own begins at the margin: otherwise one person's message could show another's.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd").replaceAll("\n", "\n    ");
}
