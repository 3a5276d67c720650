/** Compares what somebody noted of a recovery code with the code. Pure. */

/** Crockford's base 32 reads these as the same, as the engine does (client/account/recovery). */
const alike: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1" };

/** @returns whether two groups of a code say the same, however they are written */
export function isSameGroup(typed: string, group: string): boolean {
  const plain = (text: string) => text.toUpperCase().replace(/[\s-]/g, "").replace(/[OIL]/g, (sign) => alike[sign]);
  return plain(typed) === plain(group);
}
