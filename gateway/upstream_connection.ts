/** Opens one connection to the core, verifies the core, and passes its admission (specification §5.2). */
import { admissionGranted, admissionMac, admissionNonceLength, gatewayHello } from "../schema/gateway_admission.ts";
import { ByteReader } from "./http3/byte_reader.ts";
import { StreamSource } from "./http3/stream_source.ts";

export interface CoreTrust {
  /** PEM: the core's certificate must chain to it; without it the certificate's hash must equal `pin` */
  caPem?: string;
  serverName: string;
  /** 32 bytes: certificatePin of the core's certificate, which goes into the admission */
  pin: Uint8Array<ArrayBuffer>;
}

export interface CoreAddress {
  hostname: string;
  port: number;
}

/** The core did not admit this gateway. Most likely the secrets differ. */
export class AdmissionError extends Error {
  constructor(cause?: unknown) {
    super("the core did not admit this gateway: QPQ_GATEWAY_SECRET and the pinned certificate must be the core's", {
      cause,
    });
    this.name = "AdmissionError";
  }
}

/**
 * `serverCertificateHashes` is missing in Deno's types, but its QUIC client accepts it as its WebTransport
 * client does. A connection test asserts it.
 */
interface PinnedConnectOptions extends Deno.ConnectQuicOptions<false> {
  serverCertificateHashes?: { algorithm: "sha-256"; value: Uint8Array<ArrayBuffer> }[];
}

const admissionTimeoutMs = 5_000;

/**
 * Connects to the core, verifies it and is admitted by it.
 *
 * @param endpoint the UDP socket to use
 * @param secret at least 32 bytes
 * @param silenceMs ms of silence after which the connection counts as lost
 * @throws AdmissionError, or Deno's error when the core is away or its certificate is another
 */
export async function connectToCore(
  endpoint: Deno.QuicEndpoint,
  address: CoreAddress,
  trust: CoreTrust,
  secret: Uint8Array<ArrayBuffer>,
  silenceMs: number,
): Promise<Deno.QuicConn> {
  const options: PinnedConnectOptions = {
    ...address,
    endpoint,
    serverName: trust.serverName,
    alpnProtocols: ["capnp"],
    keepAliveInterval: silenceMs / 3,
    maxIdleTimeout: silenceMs,
    ...(trust.caPem !== undefined
      ? { caCerts: [trust.caPem] }
      : { serverCertificateHashes: [{ algorithm: "sha-256", value: trust.pin }] }),
  };
  const conn = await Deno.connectQuic<false>(options);
  const timer = setTimeout(() => conn.close({ closeCode: 1, reason: "admission timed out" }), admissionTimeoutMs);
  try {
    await beAdmitted(conn, secret, trust.pin);
    return conn;
  } catch (error) {
    conn.close({ closeCode: 1, reason: "not admitted" });
    throw new AdmissionError(error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A dual-stack socket, so that a host name may resolve to either family. It is an IPv4 socket where IPv6 is
 * off or the core has an IPv4 address.
 */
export function makeClientEndpoint(hostname: string): Deno.QuicEndpoint {
  if (/^[\d.]+$/.test(hostname)) return new Deno.QuicEndpoint({ hostname: "0.0.0.0", port: 0 });
  try {
    return new Deno.QuicEndpoint({ hostname: "::", port: 0 });
  } catch {
    return new Deno.QuicEndpoint({ hostname: "0.0.0.0", port: 0 });
  }
}

async function beAdmitted(conn: Deno.QuicConn, secret: Uint8Array<ArrayBuffer>, pin: Uint8Array): Promise<void> {
  const stream = await conn.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  const reader = new ByteReader(new StreamSource(stream.readable, false).pull);
  await writer.write(gatewayHello);
  const nonce = await reader.bytes(admissionNonceLength);
  await writer.write(await admissionMac(secret, nonce, pin));
  await writer.close();
  const [answer] = await reader.bytes(1);
  if (answer !== admissionGranted) throw new Error(`admission answered ${answer}`);
}
