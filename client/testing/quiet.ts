/** Waits for the background work of several people. */

import type { Person } from "./person.ts";

/** Until the server has all of their messages, and no upkeep of a group is due. @throws Error after 60 s */
export async function quiet(people: Person[]): Promise<void> {
  await Promise.all(people.map((person) => person.engine.settled(AbortSignal.timeout(60_000))));
}
