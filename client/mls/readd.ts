/**
 * A device's signed request to be re-added (specification §3.4).
 *
 * The request names the KeyPackage that replaces the device's leaf. It travels in the authenticated_data of
 * the commit that re-adds the device. So every member decides alike whether the device was removed or had
 * asked for it (GRP-3.3).
 */

import { type Bytes, concat, equalBytes, utf8 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, recordOf } from "../../schema/shape.ts";
import { signEd25519, verifyEd25519 } from "../crypto/ed25519.ts";

/**
 * A request is valid for this many epochs after the one it names. An old request must not remove a device
 * again.
 */
export const readdWindow = 32n;

export interface ReaddRequest {
  channelId: Bytes;
  /** The device's signature key, which also signs the request. */
  recipientKey: Bytes;
  /** KeyPackageRef (RFC 9420 §5.2) of the KeyPackage to add. */
  keyPackageRef: Bytes;
  /** The channel's epoch when the device asked. */
  epoch: bigint;
}

function signedBytes({ channelId, recipientKey, keyPackageRef, epoch }: ReaddRequest): Bytes {
  return concat(utf8("qpq/1 readd"), encodeCbor({ v: 1, channelId, recipientKey, keyPackageRef, epoch }));
}

/**
 * @param seed 32 bytes: the device's private signature key
 * @returns deterministic CBOR
 */
export async function signReadd(request: ReaddRequest, seed: Uint8Array): Promise<Bytes> {
  const { channelId, recipientKey, keyPackageRef, epoch } = request;
  return encodeCbor({
    v: 1,
    channelId,
    recipientKey,
    keyPackageRef,
    epoch,
    signature: await signEd25519(seed, signedBytes(request)),
  });
}

/** @returns the request when the device itself signed it; else undefined */
export async function openReadd(bytes: Uint8Array): Promise<ReaddRequest | undefined> {
  try {
    const fields = recordOf(decodeCbor(bytes), [
      "v",
      "channelId",
      "recipientKey",
      "keyPackageRef",
      "epoch",
      "signature",
    ], "re-add request");
    if (fields.v !== 1) return undefined;
    const request = {
      channelId: bytesOf(fields.channelId, 32, "channelId"),
      recipientKey: bytesOf(fields.recipientKey, 32, "recipientKey"),
      keyPackageRef: bytesOf(fields.keyPackageRef, 32, "keyPackageRef"),
      epoch: BigInt(countOf(fields.epoch, "epoch")),
    };
    return await verifyEd25519(request.recipientKey, bytesOf(fields.signature, 64, "signature"), signedBytes(request))
      ? request
      : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/**
 * @returns those requests that their devices signed for this channel, at most {@link readdWindow} epochs
 *   before n
 */
export async function validReadds(encoded: Uint8Array[], channelId: Uint8Array, n: bigint): Promise<ReaddRequest[]> {
  const opened = await Promise.all(encoded.map(openReadd));
  return opened.filter((request): request is ReaddRequest =>
    request !== undefined && equalBytes(request.channelId, channelId) && request.epoch < n &&
    n <= request.epoch + readdWindow
  );
}
