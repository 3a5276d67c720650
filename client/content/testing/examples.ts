/** The examples of draft-ietf-mimi-content-07, from the vectors beside the repository. */

import type { Bytes } from "../../../schema/bytes.ts";

const folder = `${
  Deno.env.get("QPQ_VECTORS") || new URL("../../../../shared/vectors", import.meta.url).pathname
}/mimi-content`;

/** @returns each example's bytes by name; undefined where they are not at hand (an error under CI=true) */
export function draftExamples(): Map<string, Bytes> | undefined {
  try {
    const found = new Map<string, Bytes>();
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.endsWith(".cbor")) found.set(name.slice(0, -5), Deno.readFileSync(`${folder}/${name}`));
    }
    return found;
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    console.log(`not run: no vectors in ${folder}`);
    return undefined;
  }
}

/** @returns the draft's text without white space and comment signs */
export function draftText(): string {
  return Deno.readTextFileSync(`${folder}/draft-ietf-mimi-content-07.txt`).replace(/[\s#]/g, "");
}
