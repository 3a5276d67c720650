/** The messages between the main thread and an OPAQUE worker. */

import type { Bytes } from "../../schema/bytes.ts";
import type { OpaqueServerKeys } from "./server_keys.ts";

/** The parameters and results of each kind of work. */
export interface OpaqueJobs {
  /** RegistrationRequest (33 bytes) → RegistrationResponse (66 bytes). */
  respondToRegistration: { params: { username: string; request: Bytes }; result: { response: Bytes } };
  /** Checks whether a login can be answered from a RegistrationRecord (129 bytes). */
  checkRecord: { params: { record: Bytes }; result: Record<string, never> };
  /**
   * KE1 (98 bytes) and the account's record (none for an unknown user) → KE2 (259 bytes), and the expected
   * KE3.
   */
  respondToLogin: { params: { username: string; ke1: Bytes; record: Bytes | undefined }; result: LoginResponse };
}

/** A login after its first step: the server's message, and the values that the server keeps secret. */
export interface LoginResponse {
  ke2: Bytes;
  /** 32 bytes: the KE3 that only the holder of the password can make. */
  expectedKe3: Bytes;
  /** 32 bytes: the key both sides share. */
  sessionKey: Bytes;
}

export type OpaqueJobName = keyof OpaqueJobs;

/** Main thread → worker. `keys` comes first, once, and gets no answer. */
export type WorkerRequest =
  | { keys: OpaqueServerKeys }
  | { [J in OpaqueJobName]: { job: J; params: OpaqueJobs[J]["params"] } }[OpaqueJobName];

/** Worker → main thread: one answer a job, in order. `malformed`: the caller's bytes were malformed. */
export type WorkerAnswer = { result: OpaqueJobs[OpaqueJobName]["result"] } | { error: string; malformed: boolean };
