/** A small HTTP/3 client for tests, on Deno's QUIC. It can send bytes that browsers never send. */
import { ByteReader } from "../http3/byte_reader.ts";
import { encodeCloseCapsule } from "../http3/capsule.ts";
import { encodeFrame, frameType, readFrameHeader, readPayload, SkipBudget } from "../http3/frames.ts";
import { decodeFieldSection, encodeFieldSection, type Field } from "../http3/qpack.ts";
import { encodeSettings } from "../http3/settings.ts";
import { StreamSource } from "../http3/stream_source.ts";
import { encodeVarint } from "../http3/varint.ts";

export interface ClientSession {
  readonly conn: Deno.QuicConn;
  readonly status: number;
  /** of the answer to CONNECT */
  readonly fields: readonly Field[];
  readonly sessionId: number;
  /** of the CONNECT stream */
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly reader: ByteReader;
  openStream(): Promise<{ readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }>;
  close(code: number, reason: string): Promise<void>;
  /** The payload of the next DATA frame; undefined at FIN. */
  nextData(): Promise<Uint8Array | undefined>;
}

export interface ConnectOptions {
  port: number;
  /** PEM of the server's certificate */
  certificate: string;
  /** socket to share; Deno never frees the memory of one that it makes by itself */
  endpoint?: Deno.QuicEndpoint;
}

/**
 * Connects without sending anything. Streams that a test opens stay referenced by the returned list, because
 * a collected stream sends FIN.
 */
export async function connectHttp3({ port, certificate, endpoint }: ConnectOptions): Promise<Deno.QuicConn> {
  const conn = await Deno.connectQuic<false>({
    hostname: "127.0.0.1",
    port,
    endpoint,
    serverName: "localhost",
    caCerts: [certificate],
    alpnProtocols: ["h3"],
    maxConcurrentUnidirectionalStreams: 8,
  });
  conn.closed.catch(() => {});
  return conn;
}

const held = new WeakMap<Deno.QuicConn, unknown[]>();

/** Opens a unidirectional stream with these first bytes and keeps it open. */
export async function openUni(
  conn: Deno.QuicConn,
  bytes: Uint8Array,
): Promise<WritableStreamDefaultWriter<Uint8Array>> {
  const writer = (await conn.createUnidirectionalStream()).getWriter();
  writer.closed.catch(() => {});
  held.set(conn, [...held.get(conn) ?? [], writer]);
  await writer.write(bytes);
  return writer;
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Opens the control stream with SETTINGS, as every client does first. */
export async function sendSettings(conn: Deno.QuicConn): Promise<void> {
  await openUni(conn, concat(encodeVarint(0), encodeFrame(frameType.settings, encodeSettings())));
}

export function webTransportFields(path: string, origin: string | undefined): Field[] {
  const fields: Field[] = [[":method", "CONNECT"], [":protocol", "webtransport"], [":scheme", "https"], [
    ":authority",
    "127.0.0.1",
  ], [":path", path]];
  return origin === undefined ? fields : [...fields, ["origin", origin]];
}

/** Sends a request with these fields and reads the answer's status. */
export async function request(conn: Deno.QuicConn, fields: readonly Field[]): Promise<ClientSession> {
  const stream = await conn.createBidirectionalStream();
  const sessionId = Number(stream.writable.id);
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(encodeFrame(frameType.headers, encodeFieldSection(fields)));
  const reader = new ByteReader(new StreamSource(stream.readable, false).pull);
  const budget = new SkipBudget();
  const header = await readFrameHeader(reader, budget);
  if (header?.type !== frameType.headers) throw new Error("no HEADERS in the answer");
  const answered = decodeFieldSection(await readPayload(reader, header));
  const status = Number(answered.find(([name]) => name === ":status")?.[1]);
  return {
    conn,
    status,
    fields: answered,
    sessionId,
    writer,
    reader,
    async openStream() {
      const opened = await conn.createBidirectionalStream({ waitUntilAvailable: true });
      const streamWriter = opened.writable.getWriter();
      await streamWriter.write(concat(encodeVarint(0x41), encodeVarint(sessionId)));
      streamWriter.releaseLock();
      return opened;
    },
    async close(code, reason) {
      await writer.write(encodeFrame(frameType.data, encodeCloseCapsule({ code, reason })));
      await writer.close();
    },
    async nextData() {
      const data = await readFrameHeader(reader, budget);
      return data && await readPayload(reader, data);
    },
  };
}

/** Connects, sends SETTINGS and opens a session. */
export async function openSession(
  options: ConnectOptions & { path?: string; origin?: string },
): Promise<ClientSession> {
  const conn = await connectHttp3(options);
  await sendSettings(conn);
  return await request(conn, webTransportFields(options.path ?? "/wt", options.origin));
}

/** Reads a stream until FIN. */
export async function readAll(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of readable) chunks.push(chunk as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Writes everything and FIN. */
export async function writeAll(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}
