import { ByteReader, TruncatedError } from "./byte_reader.ts";
import { encodeCloseCapsule, readCloseCapsule, type SessionCloseInfo } from "./capsule.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { encodeFrame, frameType, readFrameHeader, SkipBudget } from "./frames.ts";
import type { HeldStream } from "./held_stream.ts";

/**
 * One bidirectional stream of a session. Cancelling and aborting reach the peer as far as Deno's QUIC allows.
 */
export interface WebTransportStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** what of it was read while it waited */
  readonly held: Pick<HeldStream, "isOverfull">;
}

/** Resolves when the stream is over. */
export type StreamHandler = (stream: WebTransportStream) => void | Promise<void>;

/** An accepted WebTransport session. */
export interface WebTransportSession {
  readonly remoteAddr: Deno.NetAddr;
  /**
   * Ends the session and its streams; the peer gets code and reason. Resolves when the close capsule was
   * handed to the network, or could not be.
   *
   * @param code 32-bit, the application's
   * @param reason at most 1024 bytes of UTF-8
   */
  close(code: number, reason: string): Promise<void>;
  /**
   * Resolves, never rejects, when the session is over: with the close info of the peer or of this side, or
   * with `{code: 0, reason: ""}` when the connection was lost.
   */
  readonly closed: Promise<SessionCloseInfo>;
}

/** The CONNECT stream after the answer 200: capsules in DATA frames, both ways (RFC 9297 §3.1). */
export class ConnectStreamSession implements WebTransportSession {
  readonly remoteAddr: Deno.NetAddr;
  readonly closed: Promise<SessionCloseInfo>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #end: (info: SessionCloseInfo) => void;
  #isEnding = false;

  /**
   * @param writer of the CONNECT stream; held for the session's life, because a collected stream object would
   *   send FIN
   */
  constructor(remoteAddr: Deno.NetAddr, writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.remoteAddr = remoteAddr;
    this.#writer = writer;
    const { promise, resolve } = Promise.withResolvers<SessionCloseInfo>();
    this.closed = promise;
    this.#end = resolve;
  }

  async close(code: number, reason: string): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const info = { code, reason };
    const sent = this.#writer.write(encodeFrame(frameType.data, encodeCloseCapsule(info))).then(() =>
      this.#writer.close()
    ).catch(() => {});
    // Not awaited alone: a peer that gives no credit would keep it pending.
    await Promise.race([sent, delay(250)]);
    this.#end(info);
  }

  /**
   * Reads the peer's side of the CONNECT stream to its end, and answers its FIN with a FIN.
   *
   * @throws Http3Error when the peer breaks the protocol
   */
  async follow(connectStream: ByteReader): Promise<void> {
    let info: SessionCloseInfo | undefined;
    try {
      info = await readCloseCapsule(new ByteReader(dataPayloads(connectStream)), new SkipBudget());
    } catch (error) {
      if (error instanceof Http3Error) throw error;
      // The stream was cut inside a capsule, or reset. In either case the session is over.
    }
    this.over(info);
  }

  /** The peer ended the session. */
  over(info: SessionCloseInfo = { code: 0, reason: "" }): void {
    if (!this.#isEnding) this.#writer.close().catch(() => {});
    this.#isEnding = true;
    this.#end(info);
  }
}

/** The payloads of a stream's DATA frames as one sequence of bytes. */
function dataPayloads(reader: ByteReader): (wanted: number) => Promise<Uint8Array | undefined> {
  const budget = new SkipBudget();
  let left = 0;
  return async (wanted) => {
    while (left === 0) {
      const header = await readFrameHeader(reader, budget);
      if (!header) return undefined;
      if (header.type !== frameType.data) {
        throw new Http3Error(h3Code.frameUnexpected, "only DATA may follow on a CONNECT stream");
      }
      budget.spend(0);
      left = header.length;
    }
    const bytes = await reader.some(Math.min(left, wanted));
    if (!bytes) throw new TruncatedError();
    left -= bytes.length;
    return bytes;
  };
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
