/** Invite codes: 80 random bits, valid for one registration. Storage has only their hashes. */

import type { Bytes } from "../../schema/bytes.ts";
import type { AccountStore } from "../storage/account_store.ts";
import { sha256Of } from "./tokens.ts";

/** Crockford's base32: no I, L, O, U. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * @returns the hash under which a code is stored; case, spaces and dashes do not matter, and O, I, L are read
 *   as 0, 1, 1
 */
export function inviteSha256(code: string): Bytes {
  const read = code.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return sha256Of(`qpq/1 invite${read}`);
}

/**
 * Makes and stores one code.
 *
 * @param expiresMs ms since the Unix epoch
 * @returns four groups of four letters and digits with dashes between, for the invited person
 */
export async function createInvite(accounts: Pick<AccountStore, "addInvite">, expiresMs: number): Promise<string> {
  // 32 symbols divide 256 evenly: no bias.
  const symbols = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => alphabet[byte % 32]);
  const code = [0, 4, 8, 12].map((at) => symbols.slice(at, at + 4).join("")).join("-");
  await accounts.addInvite({ codeSha256: inviteSha256(code), expiresMs });
  return code;
}
