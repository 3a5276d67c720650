/**
 * One HTTP/3 connection that carries at most one WebTransport session (RFC 9114, RFC 9220, draft-ietf-webtrans-http3).
 */
import { echoDatagrams } from "../../server-common/echo_datagrams.ts";
import type { LoopTurns } from "../../server-common/loop_turns.ts";
import { every } from "../../server-common/shared_interval.ts";
import { ByteReader, TruncatedError } from "./byte_reader.ts";
import { readControlStream } from "./control_stream.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { encodeFrame, frameType } from "./frames.ts";
import { encodeFieldSection, type Field } from "./qpack.ts";
import { readDecoderStream, readEncoderStream } from "./qpack_streams.ts";
import { type HeldPlaces, HeldStream, type Places } from "./held_stream.ts";
import { PeerTime } from "./peer_time.ts";
import { isWebTransport, type RequestHead } from "./request.ts";
import { ConnectStreamSession, type StreamHandler, type WebTransportSession } from "./session.ts";
import { encodeSettings } from "./settings.ts";
import { readStreamHead } from "./stream_head.ts";
import { StreamSource } from "./stream_source.ts";
import { encodeVarint } from "./varint.ts";

export interface WebTransportRequest {
  /** absent when the peer is no browser */
  origin?: string;
  /** with the query */
  path: string;
  authority: string;
  remoteAddr: Deno.NetAddr;
}

/** The answer to a CONNECT. */
export interface SessionDecision {
  status: 200 | 403 | 404 | 429;
  retryAfterMs?: number;
  /** Gives back what a 200 has taken. Called when the session does not open after all. */
  giveBack?(): void;
}

export interface ConnectionPolicy {
  /** Decides on a CONNECT. A throw answers 503. */
  authorize(request: WebTransportRequest): SessionDecision;
  /** Resolves when the next stream of this client may be taken up (gateway/pace.ts). */
  turn?(remoteAddr: Deno.NetAddr): Promise<void>;
  /**
   * In `accepts` streams are taken from QUIC, in `pieces` what comes on them is passed on. Not in one queue: a stream
   * that is not taken yet fills QUIC's window where no limit sees it, so it does not wait behind its address's pieces.
   */
  loopTurns: { accepts: LoopTurns; pieces: LoopTurns };
  /** Counts what the streams of an address take that wait. */
  heldPlaces: HeldPlaces;
  /** Counts the streams of an address that are not a call yet. */
  waiting: Places;
  /** An address has too many of them: called before another one waits. */
  crowded(address: string): void;
  /** Takes an accepted session; the returned handler gets each bidirectional stream that the peer opens in it. */
  onSession(session: WebTransportSession): StreamHandler;
  /** a connection without a session is closed after this long */
  connectTimeoutMs: number;
}

/** What is to be done with a stream that waits no more. */
type StreamWork = () => void | Promise<void>;

const streamType = { control: 0x00, push: 0x01, qpackEncoder: 0x02, qpackDecoder: 0x03 } as const;
/**
 * How many streams may arrive before the answer to CONNECT (draft-ietf-webtrans-http3 §4.5 allows a limit).
 */
const maxEarlyStreams = 64;
/** A browser opens three unidirectional streams, and some of unknown types (GREASE), in a connection's life. */
const maxUnidirectionalStreams = 64;
/** How many streams of one connection may lack their header after `connectTimeoutMs`. */
const maxLateHeaders = 64;
/** How long a peer may take to read the last answer before its connection is closed. */
const lingerMs = 300;
const draft02: Field = ["sec-webtransport-http3-draft", "draft02"];

/** One HTTP/3 connection: control streams, requests, and its WebTransport session. */
export class Http3Connection {
  readonly #conn: Deno.QuicConn;
  readonly #policy: ConnectionPolicy;
  readonly #remoteAddr: Deno.NetAddr;
  /** Resolves with the accepted session, or undefined when there will be none. */
  readonly #accepted = Promise.withResolvers<
    { session: ConnectStreamSession; id: number; handler: StreamHandler } | undefined
  >();
  /** for its session to come */
  readonly #time = new PeerTime();
  /** for headers to come */
  readonly #headless = new Set<PeerTime>();
  readonly #seenUnique = new Set<number>();
  #controlWriter: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #session: ConnectStreamSession | undefined;
  #hasSession = false;
  #isOver = false;
  #openStreams = 0;
  #earlyStreams = 0;
  #unidirectionalStreams = 0;
  #turns = Promise.resolve();
  #endTurn = () => {};

  constructor(conn: Deno.QuicConn, policy: ConnectionPolicy) {
    this.#conn = conn;
    this.#policy = policy;
    this.#remoteAddr = conn.remoteAddr;
  }

  /** the peer's address */
  get address(): string {
    return this.#remoteAddr.hostname;
  }

  /** Bidirectional streams of the peer that are not over yet. */
  get openStreams(): number {
    return this.#openStreams;
  }

  /** Serves the connection until it is closed; never rejects. */
  async run(): Promise<void> {
    const connectTimer = setTimeout(() => this.#endLate(), this.#policy.connectTimeoutMs);
    const stopWatch = every(this.#policy.connectTimeoutMs / 4, () => this.#endLate());
    this.#guard(this.#sendSettings());
    this.#guard(this.#acceptUnidirectional());
    this.#guard(this.#acceptBidirectional());
    // A small datagram goes back as it came, prefix included (RFC 9297 §2.1).
    this.#guard(echoDatagrams(this.#conn, () => this.#session !== undefined));
    await this.#conn.closed.catch(() => {});
    clearTimeout(connectTimer);
    stopWatch();
    this.#isOver = true;
    this.#accepted.resolve(undefined);
    this.#endTurn();
    this.#session?.over();
  }

  /** Ends the session with code and reason, and the connection soon after. */
  async close(code: number, reason: string): Promise<void> {
    if (this.#session) await this.#session.close(code, reason);
    else this.#close(h3Code.noError, reason);
  }

  /** Closes the connection without a farewell: it costs too much. */
  shed(): void {
    this.#close(h3Code.excessiveLoad, "too many streams");
  }

  async #sendSettings(): Promise<void> {
    const writable = await this.#conn.createUnidirectionalStream();
    // Kept for the connection's life. A collected stream object sends FIN, and a closed control stream ends
    // the connection.
    this.#controlWriter = writable.getWriter();
    await this.#controlWriter.write(encodeVarint(streamType.control));
    await this.#controlWriter.write(encodeFrame(frameType.settings, encodeSettings()));
  }

  async #acceptUnidirectional(): Promise<void> {
    for await (const readable of this.#conn.incomingUnidirectionalStreams) {
      if (++this.#unidirectionalStreams > maxUnidirectionalStreams) {
        throw new Http3Error(h3Code.excessiveLoad, "too many unidirectional streams");
      }
      this.#guard(this.#readUnidirectional(readable));
    }
  }

  async #acceptBidirectional(): Promise<void> {
    for await (const stream of this.#conn.incomingBidirectionalStreams) {
      await this.#time.without(this.#policy.loopTurns.accepts.next(this.address));
      this.#openStreams++;
      this.#guard(this.#waitAndCarry(stream).finally(() => this.#openStreams--));
    }
  }

  async #waitAndCarry(stream: Deno.QuicBidirectionalStream): Promise<void> {
    const { waiting, crowded } = this.#policy;
    if (!waiting.take(this.address)) {
      crowded(this.address);
      return reset(stream);
    }
    const carry = await this.#readBidirectional(stream).finally(() => waiting.give(this.address));
    await carry?.();
  }

  /**
   * Waits for the address's turn: one stream of a connection after the other, so that the connections of an address
   * take turns. Streams are accepted at once and wait here, because QUIC holds what comes on one that is not accepted.
   */
  #turn(): Promise<void> {
    const last = this.#turns;
    this.#turns = last.then(() => this.#isOver ? undefined : this.#takeTurn());
    return this.#turns;
  }

  /** The end of the connection ends the wait, too: else its streams count on, and others are closed for them. */
  #takeTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#endTurn = resolve;
      Promise.resolve(this.#policy.turn?.(this.#remoteAddr)).then(resolve, resolve);
    });
  }

  async #readUnidirectional(readable: Deno.QuicReceiveStream): Promise<void> {
    const source = new StreamSource(readable, false);
    const reader = new ByteReader(source.pull);
    // No time limit: QUIC opens the decoder stream together with the encoder stream, and Chromium may never
    // write to it.
    const type = await reader.varint();
    switch (type) {
      case streamType.control:
        this.#requireFirst(type);
        await readControlStream(reader);
        throw new Http3Error(h3Code.closedCriticalStream, "the control stream ended");
      case streamType.qpackEncoder:
        this.#requireFirst(type);
        await readEncoderStream(reader);
        throw new Http3Error(h3Code.closedCriticalStream, "the QPACK encoder stream ended");
      case streamType.qpackDecoder:
        this.#requireFirst(type);
        await readDecoderStream(reader);
        throw new Http3Error(h3Code.closedCriticalStream, "the QPACK decoder stream ended");
      case streamType.push:
        throw new Http3Error(h3Code.streamCreationError, "only a server may push");
      default:
        // WebTransport's own type (0x54), which no call uses, GREASE and unknown types: RFC 9114 §6.2.
        await source.cancel();
    }
  }

  /** A peer may open one of each critical stream (RFC 9114 §6.2.1, RFC 9204 §4.2). */
  #requireFirst(type: number): void {
    if (this.#seenUnique.has(type)) throw new Http3Error(h3Code.streamCreationError, `second stream of type ${type}`);
    this.#seenUnique.add(type);
  }

  /** @returns what it has to do when it waits no more */
  async #readBidirectional(stream: Deno.QuicBidirectionalStream): Promise<StreamWork | undefined> {
    const streamId = Number(stream.readable.id);
    // Its first bytes are read at once, whatever they are: each read costs as much as the parsing of many bytes.
    const time = new PeerTime();
    const loopTurn = () => this.#time.without(this.#policy.loopTurns.pieces.next(this.address));
    const source = new StreamSource(stream.readable, false, () => time.without(loopTurn()));
    const reader = new ByteReader(source.pull);
    // A stream may wait long, because QUIC opens with it every stream of a lower number (RFC 9000 §2.1). Only the end
    // of the connection frees its memory, so few may.
    this.#headless.add(time);
    const head = await readStreamHead(reader).finally(() => this.#headless.delete(time));
    if (head && "sessionId" in head) return await this.#handOver(stream, source, reader.rest(), head.sessionId);
    if (head) return await this.#answer(head.request, streamId, stream, source, reader);
    await this.#turn();
    stream.writable.abort().catch(() => {});
  }

  async #handOver(
    stream: Deno.QuicBidirectionalStream,
    source: StreamSource,
    first: Uint8Array,
    sessionId: number,
  ): Promise<StreamWork | undefined> {
    if (!this.#session && ++this.#earlyStreams > maxEarlyStreams) {
      throw new Http3Error(h3Code.excessiveLoad, "too many streams before the session");
    }
    const owner = { address: this.address, hasSession: this.#session !== undefined };
    const held = new HeldStream(source, first, this.#policy.heldPlaces, owner);
    const accepted = await this.#accepted.promise;
    const isOurs = accepted?.id === sessionId;
    if (!isOurs) await held.cancel();
    await this.#turn();
    // Of a connection that has ended nothing becomes a call: each would begin at the core, and end at once.
    if (this.#isOver) await held.cancel();
    if (!isOurs || this.#isOver) return void stream.writable.abort().catch(() => {});
    return () => accepted.handler({ held, readable: held.readable, writable: stream.writable });
  }

  async #answer(
    head: RequestHead,
    streamId: number,
    stream: Deno.QuicBidirectionalStream,
    source: StreamSource,
    reader: ByteReader,
  ): Promise<StreamWork | undefined> {
    const writer = stream.writable.getWriter();
    // The announced SETTINGS allow one session a connection.
    const mayOpen = isWebTransport(head) && !this.#hasSession;
    this.#hasSession ||= mayOpen;
    if (!mayOpen) await source.cancel();
    await this.#time.without(this.#turn());
    const { status, retryAfterMs, giveBack } = this.#decide(head, mayOpen);
    const fields: Field[] = status === 200 ? [[":status", "200"], draft02] : [[":status", String(status)]];
    if (retryAfterMs !== undefined) fields.push(["retry-after", String(Math.ceil(retryAfterMs / 1000))]);
    if (status !== 200) {
      if (mayOpen) this.#hasSession = false;
      await source.cancel();
    }
    try {
      await writer.write(encodeFrame(frameType.headers, encodeFieldSection(fields)));
      if (status !== 200) return void await writer.close();
      if (this.#isOver) throw new TruncatedError();
    } catch (error) {
      giveBack?.();
      throw error;
    }
    const session = new ConnectStreamSession(this.#remoteAddr, writer);
    this.#session = session;
    this.#accepted.resolve({ session, id: streamId, handler: this.#policy.onSession(session) });
    session.closed.then(() => setTimeout(() => this.#close(h3Code.noError, ""), lingerMs));
    return () => session.follow(reader);
  }

  /** @param mayOpen whether it is the connection's only request for a session */
  #decide(head: RequestHead, mayOpen: boolean): Omit<SessionDecision, "status"> & { status: number } {
    if (!isWebTransport(head)) return { status: 404 };
    if (!mayOpen) return { status: 429 };
    const { origin, path, authority } = head;
    try {
      return this.#policy.authorize({ origin, path, authority, remoteAddr: this.#remoteAddr });
    } catch {
      return { status: 503 };
    }
  }

  #endLate(): void {
    const { connectTimeoutMs } = this.#policy;
    if (!this.#session && this.#time.isOver(connectTimeoutMs)) this.#close(h3Code.noError, "no session was opened");
    let late = 0;
    for (const time of this.#headless) if (time.isOver(connectTimeoutMs)) late++;
    if (late > maxLateHeaders) this.#close(h3Code.excessiveLoad, "too many streams without a header");
  }

  /**
   * Closes the connection of a peer that breaks the protocol. The end of a stream or of a connection is no
   * fault.
   */
  #guard(work: Promise<void>): void {
    work.catch((error) => {
      if (error instanceof Http3Error) this.#close(error.code, error.message);
      else if (error instanceof TruncatedError) this.#close(h3Code.frameError, error.message);
    });
  }

  #close(code: number, reason: string): void {
    try {
      this.#conn.close({ closeCode: code, reason });
    } catch {
      // Closed already.
    }
  }
}

function reset({ readable, writable }: Deno.QuicBidirectionalStream): void {
  readable.cancel().catch(() => {});
  writable.abort().catch(() => {});
}
