/** Thrown when the state can not be used; the state is unchanged. */
export class StateError extends Error {
  override readonly name: string = "StateError";

  /** @param hint how the user can repair it */
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** Thrown when a state does not open with a passphrase. */
export class WrongPassphraseError extends StateError {
  override readonly name = "WrongPassphraseError";
}
