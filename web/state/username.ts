/** The form of a username. Pure. */

const usernamePattern = /^[a-z][a-z0-9._-]{2,31}$/;

/** @returns whether the server accepts the name if it is free */
export function isUsername(name: string): boolean {
  return usernamePattern.test(name);
}
