/**
 * The recovery code: 160 random bits in Crockford's base32 with its check symbol
 * (https://www.crockford.com/base32.html), shown once.
 */

import type { Bytes } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** The check symbol encodes the number modulo 37. */
const checks = `${digits}*~$=U`;
const secretLength = 20;

/** @returns 20 random bytes */
export function newRecoverySecret(): Bytes {
  return crypto.getRandomValues(new Uint8Array(secretLength));
}

/** @returns eight groups of four symbols and the check symbol: "0123-4567-…-CDEF-G" */
export function formatRecoveryCode(secret: Uint8Array): string {
  const number = numberOf(secret);
  const symbols = Array.from({ length: 32 }, (_, index) => digits[Number((number >> BigInt(5 * (31 - index))) & 31n)])
    .join("");
  return `${symbols.match(/.{4}/g)!.join("-")}-${checks[Number(number % 37n)]}`;
}

/**
 * Reads a typed code: any case, with or without dashes and spaces, O for 0, I and L for 1.
 *
 * @returns 20 bytes
 * @throws EngineError L014 when a symbol is wrong or missing
 */
export function parseRecoveryCode(text: string): Bytes {
  const symbols = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  const values = [...symbols.slice(0, 32)].map((symbol) => digits.indexOf(symbol));
  const number = values.reduce((sum, value) => sum * 32n + BigInt(value), 0n);
  if (symbols.length !== 33 || values.includes(-1) || checks[Number(number % 37n)] !== symbols[32]) {
    throw new EngineError({
      code: LocalCode.recoveryCode,
      detail: "that is not a recovery code: a symbol is wrong or missing",
    });
  }
  return Uint8Array.from(
    { length: secretLength },
    (_, index) => Number((number >> BigInt(8 * (secretLength - 1 - index))) & 255n),
  );
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}
