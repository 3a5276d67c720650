/**
 * OPAQUE without its libraries, which are a quarter of the engine: they are loaded where a password is used. A device
 * that is signed in starts without them.
 */

import { opaqueSuite } from "../../../schema/signed_call.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { OpaqueSuite, StartedLogin, StartedRegistration } from "./opaque_client.ts";

export type { OpaqueSuite };

/** Rejects with L001 where the libraries can not be loaded. */
async function libraries(): Promise<typeof import("./opaque_client.ts")> {
  try {
    return await import("./opaque_client.ts");
  } catch (error) {
    const detail = `what signs in could not be loaded: ${(error as Error)?.message}`;
    throw new EngineError({ code: LocalCode.offline, detail });
  }
}

/** See `suite1` of opaque_client.ts. */
export const suite1: OpaqueSuite = {
  tag: opaqueSuite,
  harden: async (y) => (await libraries()).suite1.harden(y),
};

/** See `startRegistration` of opaque_client.ts. @throws EngineError L001 */
export async function startRegistration(
  password: string,
  username: string,
  suite: OpaqueSuite,
): Promise<StartedRegistration> {
  return await (await libraries()).startRegistration(password, username, suite);
}

/** See `startLogin` of opaque_client.ts. @throws EngineError L001 */
export async function startLogin(password: string, username: string, suite: OpaqueSuite): Promise<StartedLogin> {
  return await (await libraries()).startLogin(password, username, suite);
}
