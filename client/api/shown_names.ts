/**
 * Which name of a person is shown. A display name is chosen freely, so two people may have the same one, or one may
 * take the username of another. Then the username stands beside it.
 */

/** A person of a chat. */
export interface NamedPerson {
  username: string;
  /** hex */
  accountKey: string;
  displayName?: string;
}

/** Letters that are drawn as nothing or as a blank: Hangul fillers, the empty Braille cell. */
export const blankLetters = "\u115f\u1160\u2800\u3164\uffa0";

/** Formats, marks that only join, white space and blank letters do not tell two names apart for an eye. */
const unseen = new RegExp(`[\\p{White_Space}\\p{Cf}\\p{Default_Ignorable_Code_Point}${blankLetters}]`, "gu");

/** @returns what names that look alike have in common: without case, widths, spaces and signs that nobody sees */
export function nameForm(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC").replace(unseen, "");
}

/** The names of the people of all chats. */
export class ShownNames {
  readonly #byKey = new Map<string, NamedPerson>();
  readonly #taken = new Map<string, Set<string>>();

  /** @param people of whatever chats; one may come several times */
  constructor(people: Iterable<NamedPerson>) {
    for (const person of people) {
      // A former key has no display name, and does not hide the one of the present key.
      const known = this.#byKey.get(person.accountKey);
      if (known && !person.displayName) continue;
      this.#byKey.set(person.accountKey, person);
    }
    if (![...this.#byKey.values()].some(({ displayName }) => displayName)) return;
    for (const { username, displayName, accountKey } of this.#byKey.values()) {
      for (const name of displayName ? [username, nameForm(displayName)] : [username]) {
        const takers = this.#taken.get(name) ?? new Set();
        this.#taken.set(name, takers.add(accountKey));
      }
    }
  }

  /** @returns the display name alone where nobody else has it, or is called so; else with the username; else that */
  of(accountKey: string | undefined, username: string): string {
    const displayName = this.#of(accountKey, username);
    if (displayName === undefined) return username;
    const isTaken = (this.#taken.get(nameForm(displayName))?.size ?? 0) > 1;
    return isTaken ? bothNames(displayName, username) : displayName;
  }

  /** @returns both names, for where it counts who somebody is; the username where there is no other */
  both(accountKey: string | undefined, username: string): string {
    const displayName = this.#of(accountKey, username);
    return displayName === undefined ? username : bothNames(displayName, username);
  }

  #of(accountKey: string | undefined, username: string): string | undefined {
    const known = accountKey === undefined ? undefined : this.#byKey.get(accountKey);
    return known?.username === username ? known.displayName : undefined;
  }
}

/** Each name keeps its own direction of writing: U+2068 and U+2069 (Unicode UAX 9) part them. */
function bothNames(displayName: string, username: string): string {
  return `\u2068${displayName}\u2069 (@${username})`;
}
