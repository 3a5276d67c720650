/** Several people at once, for tests of groups. */

import type { Person, World } from "./person.ts";

/** Joins people one after the other, so that each run gives them the same devices. @returns them, in this order */
export async function joinAll(join: World["join"], ...names: string[]): Promise<Person[]> {
  const people: Person[] = [];
  for (const name of names) people.push(await join(name));
  return people;
}
