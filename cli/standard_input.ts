/** What is given to a command on its standard input. */

import { maxTextBytes } from "../client/api/engine_api.ts";
import { failureOfProblem, wrongUsage } from "./failure.ts";

/** Reads standard input up to the size limit of a message, without the last line end. @throws Failure L011 */
export async function standardInput(command: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of Deno.stdin.readable) {
    pieces.push(piece);
    length += piece.length;
    if (length > maxTextBytes + 2) {
      throw failureOfProblem({ code: "L011", detail: `a message holds at most ${maxTextBytes} bytes` });
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()),
    ).replace(/\r?\n$/, "");
  } catch {
    throw wrongUsage(`${command}: standard input is no text in UTF-8`, command);
  }
}
