/**
 * Foreign bytes that are not what they should be (E014 on the wire). The message names the fault and never
 * quotes the bytes.
 */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}
