/**
 * A core for tests: admits a gateway as the real core does (specification §5.2), and then answers calls by
 * `onCall`.
 */
import {
  admissionGranted,
  admissionMac,
  admissionMacLength,
  admissionNonceLength,
  type ClientAddress,
  clientAddressLength,
  decodeClientAddress,
  gatewayHello,
} from "../../schema/gateway_admission.ts";
import { certificatePin } from "../../schema/certificate_pin.ts";
import { ByteReader } from "../http3/byte_reader.ts";
import { StreamSource } from "../http3/stream_source.ts";
import { echoDatagrams } from "../../server-common/echo_datagrams.ts";
import { type KeyPairPem, makeSelfSignedCertificate } from "../../server-common/self_signed_certificate.ts";

export const stubSecret = new TextEncoder().encode("a shared secret of the tests, long enough");

export interface CoreCall {
  client: ClientAddress;
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

export interface StubCoreOptions {
  port?: number;
  secret?: Uint8Array<ArrayBuffer>;
  keyPair?: KeyPairPem;
  /** answers one call; default: echo */
  onCall?: (call: CoreCall) => Promise<void>;
  /** false: as cores of before, which send no datagram back */
  answersPulse?: boolean;
}

export interface StubCore {
  readonly port: number;
  readonly keyPair: KeyPairPem;
  readonly pin: Uint8Array<ArrayBuffer>;
  readonly admitted: number;
  readonly refused: number;
  /** connections that are open */
  readonly open: number;
  /** Ends every connection and stops listening. */
  close(): void;
}

/** Sends all bytes back, FIN included. */
async function echo({ readable, writable }: CoreCall): Promise<void> {
  await readable.pipeTo(writable);
}

export async function makeKeyPair(): Promise<KeyPairPem> {
  const now = Date.now();
  return await makeSelfSignedCertificate({
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 12 * 86_400_000),
    commonName: "localhost",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
}

export async function startStubCore(
  { port = 0, secret = stubSecret, keyPair, onCall = echo, answersPulse = true }: StubCoreOptions = {},
): Promise<StubCore> {
  const pair = keyPair ?? await makeKeyPair();
  const pin = await certificatePin(pair.certificate);
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port });
  const listener = endpoint.listen({
    cert: pair.certificate,
    key: pair.privateKey,
    alpnProtocols: ["capnp"],
    maxConcurrentBidirectionalStreams: 2_000,
    maxIdleTimeout: 15_000,
  });
  const held: unknown[] = [listener];
  const counts = { admitted: 0, refused: 0, open: 0 };

  async function serve(conn: Deno.QuicConn): Promise<void> {
    held.push(conn);
    counts.open++;
    conn.closed.catch(() => {}).finally(() => counts.open--);
    if (answersPulse) echoDatagrams(conn).catch(() => {});
    let isAdmitted = false;
    for await (const stream of conn.incomingBidirectionalStreams) {
      if (!isAdmitted) {
        isAdmitted = await admit(stream, secret, pin);
        if (!isAdmitted) {
          counts.refused++;
          return conn.close({ closeCode: 1, reason: "not admitted" });
        }
        counts.admitted++;
      } else {
        takeCall(stream, onCall).catch(() => {});
      }
    }
  }
  (async () => {
    while (true) {
      const incoming = await listener.incoming();
      Promise.resolve(incoming.accept<false>()).then(serve).catch(() => {});
    }
  })().catch(() => {});

  return {
    port: endpoint.addr.port,
    keyPair: pair,
    pin,
    get admitted() {
      return counts.admitted;
    },
    get refused() {
      return counts.refused;
    },
    get open() {
      return counts.open;
    },
    close: () => endpoint.close({ closeCode: 0, reason: "server shutdown" }),
  };
}

async function admit(
  stream: Deno.QuicBidirectionalStream,
  secret: Uint8Array<ArrayBuffer>,
  pin: Uint8Array,
): Promise<boolean> {
  const reader = new ByteReader(new StreamSource(stream.readable, false).pull);
  const writer = stream.writable.getWriter();
  const hello = await reader.bytes(gatewayHello.length);
  if (!equal(hello, gatewayHello)) return false;
  const nonce = crypto.getRandomValues(new Uint8Array(admissionNonceLength));
  await writer.write(nonce);
  if (!equal(await reader.bytes(admissionMacLength), await admissionMac(secret, nonce, pin))) return false;
  await writer.write(new Uint8Array([admissionGranted]));
  await writer.close();
  return true;
}

async function takeCall(
  stream: Deno.QuicBidirectionalStream,
  onCall: (call: CoreCall) => Promise<void>,
): Promise<void> {
  const source = new StreamSource(stream.readable, true);
  const client = decodeClientAddress(await new ByteReader(source.pull).bytes(clientAddressLength));
  source.release();
  try {
    await onCall({ client, readable: stream.readable, writable: stream.writable });
  } finally {
    // A failed call must not look like an answered one.
    stream.writable.abort().catch(() => {});
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
