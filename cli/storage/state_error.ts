/** The state can not be used; nothing of it was changed. */
export class StateError extends Error {
  override readonly name = "StateError";

  /** @param hint what to do about it */
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}
