/** Thrown when the state can not be used; the state is unchanged. */
export class StateError extends Error {
  override readonly name = "StateError";

  /** @param hint how the user can repair it */
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}
