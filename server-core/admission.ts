/**
 * Tells gateways from direct clients, and admits gateways that prove themselves (specification §5.2,
 * schema/gateway_admission.ts).
 */

import { type Bytes, equalBytes } from "../schema/bytes.ts";
import {
  admissionGranted,
  admissionMac,
  admissionMacLength,
  admissionNonceLength,
  clientAddressLength,
  decodeClientAddress,
  gatewayHello,
} from "../schema/gateway_admission.ts";
import { MalformedError } from "../schema/malformed_error.ts";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { ByteReader } from "../schema/rpc/byte_stream.ts";
import { PeekedStream } from "./peeked_stream.ts";

/** Thrown when the other side is no admitted gateway. The connection must then be closed. */
export class AdmissionError extends Error {
  override readonly name = "AdmissionError";
}

/** The kind of peer that a connection's first stream shows. */
export type FirstStream = { kind: "client"; stream: ByteStream } | { kind: "gateway" };

export interface AdmissionOptions {
  /** `QPQ_GATEWAY_SECRET`; absent: no gateway is admitted. */
  secret?: Bytes;
  /** 32 bytes: the pin of our certificate. */
  pin: Bytes;
  /** ms that each step of the other side may take. */
  timeoutMs: number;
}

/**
 * Reads the beginning of a connection's first stream. A gateway is admitted before this returns.
 *
 * @throws AdmissionError when the stream begins like a gateway's and its proof is not valid
 */
export async function readFirstStream(stream: ByteStream, options: AdmissionOptions): Promise<FirstStream> {
  const peeked = new PeekedStream(stream.readable);
  // One byte decides. A Cap'n Proto frame that began with this byte would claim more segments than the core
  // accepts.
  const start = await within(options.timeoutMs, peeked.peek(1));
  if (start[0] !== gatewayHello[0]) {
    return { kind: "client", stream: { readable: peeked.rest(), writable: stream.writable } };
  }
  await within(options.timeoutMs, admit({ readable: peeked.rest(), writable: stream.writable }, options));
  return { kind: "gateway" };
}

async function admit({ readable, writable }: ByteStream, { secret, pin }: AdmissionOptions): Promise<void> {
  const reader = new ByteReader(readable);
  const hello = await reader.exactly(gatewayHello.length).catch(cutOff);
  if (!hello || !equalBytes(hello, gatewayHello)) throw new AdmissionError("an unknown hello");
  if (!secret) throw new AdmissionError("no QPQ_GATEWAY_SECRET is set, so no gateway is admitted");
  const writer = writable.getWriter();
  const nonce = crypto.getRandomValues(new Uint8Array(admissionNonceLength));
  await writer.write(nonce);
  const mac = await reader.exactly(admissionMacLength).catch(cutOff);
  if (!mac || !equalBytes(mac, await admissionMac(secret, nonce, pin))) {
    throw new AdmissionError("a wrong proof: the gateway has another QPQ_GATEWAY_SECRET or another certificate pin");
  }
  if (await reader.exactly(1)) throw new AdmissionError("bytes after the proof");
  await writer.write(Uint8Array.of(admissionGranted));
  await writer.close();
}

function cutOff(error: unknown): undefined {
  if (!(error instanceof MalformedError)) throw error;
}

/**
 * Takes the client's address from the beginning of a stream of an admitted gateway.
 *
 * @returns the IP literal and the stream from its first byte of the call on
 * @throws RangeError, MalformedError when there is none
 */
export async function takeClientAddress(
  stream: ByteStream,
  timeoutMs: number,
): Promise<{ remoteAddress: string; stream: ByteStream }> {
  const peeked = new PeekedStream(stream.readable);
  const prefix = await within(timeoutMs, peeked.take(clientAddressLength));
  return {
    remoteAddress: decodeClientAddress(prefix).address,
    stream: { readable: peeked.rest(), writable: stream.writable },
  };
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AdmissionError("the other side took too long")), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
