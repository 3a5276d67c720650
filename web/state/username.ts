/** What a username looks like. Pure. */

const usernamePattern = /^[a-z][a-z0-9._-]{2,31}$/;

/** @returns whether the server would take it as a username, if it is free */
export function isUsername(name: string): boolean {
  return usernamePattern.test(name);
}
