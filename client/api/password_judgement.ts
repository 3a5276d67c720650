/** What the engine says of a password that is being made. */

/** Why a password is not taken. The page and `qpq` have words for each, with what to do. */
export type PasswordFault =
  | "short" // fewer than 12 characters
  | "username" // it contains the username, or is made of it
  | "common" // many people use it, or one much like it
  | "repeat"
  | "sequence" // abc, 123
  | "keyboard" // keys that lie beside one another
  | "date"
  | "guessable"; // anything else

export interface PasswordJudgement {
  /** 0: guessed at once, to 4: very hard to guess. From 3 on a password is taken, unless it has a fault. */
  score: 0 | 1 | 2 | 3 | 4;
  /** Why it is not taken; absent when it is. */
  fault?: PasswordFault;
}
