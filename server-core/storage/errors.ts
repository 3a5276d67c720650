/** A file of its own: the thread that serves connections knows the error, and never loads SQLite. */

/** The data directory can not be used as it is; the message says why and what to do. Nothing was changed. */
export class StorageFormatError extends Error {
  override readonly name = "StorageFormatError";
}
