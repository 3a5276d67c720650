/** Runs the X-Wing draft's vectors through both of our implementations, and compares the two. */

import { fromHex } from "../../../schema/bytes.ts";
import { cryptoSupport } from "../../crypto/support.ts";
import { encapsulateDeterministic, nativeXWing, nobleXWing, type XWingImplementation } from "../../crypto/xwing.ts";
import { Checker, type VectorCount } from "./check.ts";

interface XWingVector {
  seed: string;
  eseed: string;
  ss: string;
  sk: string;
  pk: string;
  ct: string;
}

/** @throws VectorError */
export async function runXWingVectors(json: unknown): Promise<VectorCount> {
  const check = new Checker("xwing");
  const { mlKem768, x25519 } = await cryptoSupport();
  const implementations: [string, XWingImplementation][] = [["noble", nobleXWing]];
  if (mlKem768 && x25519) implementations.push(["native", nativeXWing]);
  for (const { seed, eseed, ss, pk, ct } of json as XWingVector[]) {
    const encapsulated = encapsulateDeterministic(fromHex(pk), fromHex(eseed));
    check.equal(encapsulated?.ciphertext, ct, "ciphertext");
    check.equal(encapsulated?.sharedSecret, ss, "shared secret of the sender");
    for (const [name, implementation] of implementations) {
      check.equal(await implementation.publicKey(fromHex(seed)), pk, `${name}: public key`);
      check.equal(
        await implementation.decapsulate(fromHex(seed), fromHex(ct)),
        ss,
        `${name}: shared secret of the receiver`,
      );
      for (const [other, receiver] of implementations) {
        await crossCheck(check, `${name} to ${other}`, implementation, receiver, pk, seed);
      }
    }
  }
  return check.count();
}

async function crossCheck(
  check: Checker,
  what: string,
  sender: XWingImplementation,
  receiver: XWingImplementation,
  pk: string,
  seed: string,
): Promise<void> {
  const sent = await sender.encapsulate(fromHex(pk));
  const received = sent === undefined ? undefined : await receiver.decapsulate(fromHex(seed), sent.ciphertext);
  check.isTrue(sent !== undefined && received?.join() === sent.sharedSecret.join(), `${what}: the secrets differ`);
}
