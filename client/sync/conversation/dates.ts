/**
 * Finds the first line of a time. Lines have no index by time: their places grow with it, so a search by halves over
 * the space of places finds the line with some 100 reads, however many lines there are.
 */

import type { SealedStore } from "../../storage/sealed_store.ts";
import { keys, type LineRecord } from "./records.ts";

/** The longest `order`, in hexadecimal digits. */
const digits = 32;

/**
 * @param atMs ms since the Unix epoch
 * @returns the place of the first line of that time or later, else of the newest one; undefined where there is none
 * @throws StorageError
 */
export async function firstSince(
  store: Pick<SealedStore, "range">,
  chatId: string,
  atMs: number,
): Promise<string | undefined> {
  const read = async (options: { after?: string; reverse?: boolean }): Promise<LineRecord | undefined> => {
    const { after, reverse } = options;
    const [found] = await store.range<LineRecord>("messages", keys.line(chatId, ""), {
      limit: 1,
      ...(reverse && { reverse }),
      ...(after !== undefined && { after: keys.line(chatId, after) }),
    });
    return found?.value;
  };
  const [first, last] = [await read({}), await read({ reverse: true })];
  if (!first || !last || first.atMs >= atMs) return first?.order;
  if (last.atMs < atMs) return last.order;
  let [low, high, found] = [numberOf(first.order), numberOf(last.order), last.order];
  // Every line at `low` is older, and the line that was found is the next one behind `high`, or at it.
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const line = await read({ after: placeOf(middle) });
    if (!line || line.order >= found) high = middle;
    else if (line.atMs >= atMs) [high, found] = [numberOf(line.order), line.order];
    else low = numberOf(line.order);
  }
  return found;
}

function numberOf(order: string): bigint {
  return BigInt(`0x${order.padEnd(digits, "0")}`);
}

/** Without the zeros at the end: they are no part of shorter places. */
function placeOf(number: bigint): string {
  return number.toString(16).padStart(digits, "0").replace(/0+$/, "");
}
