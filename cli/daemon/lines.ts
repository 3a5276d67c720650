/** One JSON text a line: how JSON-RPC is framed on a socket, and on standard input and output. */

import { concat } from "../../schema/bytes.ts";

const newline = 10;

/**
 * Splits a stream into lines. Of a line that is too long nothing is kept.
 *
 * @param maxBytes of a line without its end
 * @returns each line without its end; undefined, once, for one that is too long
 */
export async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array | undefined> {
  let kept: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    let rest = piece;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      const wasTooLong = length > maxBytes;
      if (!wasTooLong) yield length + end > maxBytes ? undefined : concat(...kept, rest.subarray(0, end));
      kept = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    const wasTooLong = length > maxBytes;
    length += rest.length;
    if (length <= maxBytes) kept.push(rest.slice());
    else if (!wasTooLong) {
      kept = [];
      yield undefined;
    }
  }
  if (length > 0 && length <= maxBytes) yield concat(...kept);
}
