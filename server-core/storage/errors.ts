/**
 * The errors of storage that no caller of the wire causes. They are independent of the engines. So the thread
 * that serves connections can distinguish them without loading a database library.
 */

/** An operation failed in the engine (E050): a full disk, an I/O error, a bug. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** An error whose message and advice are for the operator. */
export abstract class OperatorError extends Error {
  /**
   * @param message what is wrong
   * @param hint how to repair it, where the message does not say it
   */
  constructor(message: string, readonly hint?: string) {
    super(message);
  }
}

/** The data can not be used as it is; the message says why. Nothing was changed. */
export class StorageFormatError extends OperatorError {
  override readonly name = "StorageFormatError";
}

/** The data is under another key than the one that was given, or one of both is not encrypted. Nothing was changed. */
export class WrongKeyError extends StorageFormatError {}

/** The data is in use in a way that excludes this use. Nothing was changed. */
export class DataInUseError extends OperatorError {
  override readonly name = "DataInUseError";
}

/** The data, or a backup of it, is damaged. Nothing was changed. */
export class DamagedDataError extends OperatorError {
  override readonly name = "DamagedDataError";
}

/** An operator's command was not carried out. Nothing was changed. */
export class RefusedError extends OperatorError {
  override readonly name = "RefusedError";
}
