/**
 * The errors of storage that no caller of the wire causes. They stand apart from every engine, so that the
 * thread that serves connections can tell them apart without loading a database library.
 */

/** An operation failed for a reason of the engine (E050): a full disk, an I/O error, a bug. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** An error whose message is for the operator, with advice. */
export abstract class OperatorError extends Error {
  /**
   * @param message says what is wrong
   * @param hint says what to do, where the message does not
   */
  constructor(message: string, readonly hint?: string) {
    super(message);
  }
}

/** The data can not be used as it is; the message says why. Nothing was changed. */
export class StorageFormatError extends OperatorError {
  override readonly name = "StorageFormatError";
}

/** The data is being used in a way that shuts this use out. Nothing was changed. */
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
