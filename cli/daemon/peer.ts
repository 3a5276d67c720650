/**
 * One side of JSON-RPC 2.0 over a channel of lines. Both sides may call. A side that reads slowly holds up its own
 * calls and nobody else's: what it is told waits in the call that tells it.
 */

import {
  createJSONRPCErrorResponse,
  createJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  JSONRPCClient,
  type JSONRPCError,
  JSONRPCErrorCode,
  type JSONRPCErrorResponse,
  type JSONRPCID,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from "json-rpc-2.0";
import { writeAll } from "../output.ts";
import { linesOf } from "./lines.ts";
import { rpcCodes, rpcErrorOf } from "./rpc_errors.ts";

/** What a peer speaks over: a connection, or standard input and output. */
export interface Channel {
  readonly readable: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** @param params as they came: an object, a list or nothing @throws Failure, which is answered as an error */
export type Method = (params: unknown, peer: Peer) => Promise<unknown>;

export interface PeerOptions {
  methods: Record<string, Method>;
  /** Methods that end what is open, and are quick: they do not count as open calls. */
  uncounted?: readonly string[];
  maxLineBytes?: number;
  maxOpenCalls?: number;
  /** Called with an error that answers no call: the other side does not serve this one. */
  onRefused?(error: JSONRPCError): void;
}

/** How long the end of a peer waits until its last answers are written, in ms. */
const lastAnswersMs = 1_000;

/** One side of a channel. */
export class Peer {
  readonly #channel: Channel;
  readonly #options: PeerOptions;
  readonly #server = new JSONRPCServer<Peer>({ errorListener: () => {} });
  readonly #client: JSONRPCClient;
  readonly #ended = new AbortController();
  /** What ends each open call, and what else goes on. */
  readonly #calls = new Set<(error: JSONRPCError) => void>();
  #stopped: JSONRPCError | undefined;
  readonly #answering = new Set<Promise<void>>();
  #writing: Promise<unknown> = Promise.resolve();
  #open = 0;
  #isClosed = false;

  constructor(channel: Channel, options: PeerOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#client = new JSONRPCClient((payload) => this.#write(payload));
    for (const [name, method] of Object.entries(options.methods)) this.#server.addMethod(name, method);
    this.#server.mapErrorToJSONRPCErrorResponse = (id, error) => responseOf(id, rpcErrorOf(error));
  }

  /** Aborted when the other side has gone, or sends nothing more. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Calls the other side. @throws JSONRPCErrorException with what it answers; code 0 when it has gone */
  request(method: string, params?: object): Promise<unknown> {
    return Promise.resolve(this.#client.request(method, params));
  }

  /** Tells the other side something. Resolves when it is written. @throws errors of the channel */
  notify(method: string, params?: object): Promise<void> {
    return this.#write(createJSONRPCNotification(method, params));
  }

  /**
   * Counts something that goes on as an open call.
   *
   * @param onStop called when this side ends
   * @returns a function that ends the count
   */
  hold(onStop: (error: JSONRPCError) => void): () => void {
    this.#open++;
    this.#calls.add(onStop);
    return () => {
      this.#open--;
      this.#calls.delete(onStop);
    };
  }

  /** Serves the other side until it sends nothing more and has all answers, or the channel breaks. */
  async run(): Promise<void> {
    try {
      const { maxLineBytes = Infinity } = this.#options;
      for await (const line of linesOf(this.#channel.readable, maxLineBytes)) {
        if (line !== undefined) await this.#take(line);
        else await this.#write(responseOf(null, tooMuch(`a line may have at most ${maxLineBytes} bytes`)));
      }
    } catch {
      // The channel is broken: as if the other side had gone.
    }
    this.#end();
    await Promise.allSettled(this.#answering);
    this.close();
  }

  /** Ends all calls with an error, waits a moment until the other side has it, and closes. */
  async stop(error: unknown): Promise<void> {
    this.#stopped = rpcErrorOf(error);
    for (const end of [...this.#calls]) end(this.#stopped);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => timer = setTimeout(resolve, lastAnswersMs));
    await Promise.race([Promise.allSettled(this.#answering).then(() => this.#writing).catch(() => {}), patience]);
    clearTimeout(timer);
    this.close();
  }

  /** Says why the other side is not served, and closes. */
  async refuse(error: JSONRPCError): Promise<void> {
    await this.#write(responseOf(null, error)).finally(() => this.close());
  }

  /** Closes the channel. What is open on it ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end();
    try {
      this.#channel.close();
    } catch {
      // It was closed by the other side.
    }
  }

  #end(): void {
    this.#ended.abort();
    this.#client.rejectAllPendingRequests("the other side has gone");
  }

  /** Takes a line up. Resolves when the next one may be read. */
  async #take(line: Uint8Array): Promise<void> {
    let payload: unknown;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(line);
      if (text.trim() === "") return;
      payload = JSON.parse(text);
    } catch {
      const error = { code: JSONRPCErrorCode.ParseError, message: "the line is no JSON in UTF-8" };
      return await this.#write(responseOf(null, error));
    }
    const isBatch = Array.isArray(payload) && payload.length > 0;
    let started = 0;
    const answers = (isBatch ? payload as unknown[] : [payload]).map((call) =>
      this.#answerOf(call, () => {
        started++;
        this.#open++;
      })
    );
    const work = this.#writeAnswers(answers, isBatch).finally(() => this.#open -= started);
    // Who is refused reads that before more is read.
    if (started === 0) return await work;
    this.#answering.add(work);
    void work.catch(() => {}).finally(() => this.#answering.delete(work));
  }

  async #writeAnswers(answers: Promise<JSONRPCResponse | null>[], isBatch: boolean): Promise<void> {
    const given = (await Promise.all(answers)).filter((answer) => answer !== null);
    if (given.length > 0) await this.#write(isBatch ? given : given[0]);
  }

  /** @param count called for what is an open call from now on @returns null for what has no answer */
  async #answerOf(call: unknown, count: () => void): Promise<JSONRPCResponse | null> {
    const invalid = { code: JSONRPCErrorCode.InvalidRequest, message: "that is no call of JSON-RPC 2.0" };
    if (typeof call !== "object" || call === null) return responseOf(null, invalid);
    if (isJSONRPCResponse(call)) {
      if (call.id === null && call.error) this.#options.onRefused?.(call.error);
      this.#client.receive(call);
      return null;
    }
    const { id, method } = call as JSONRPCRequest;
    if (!isJSONRPCRequest(call) || typeof method !== "string") return responseOf(null, invalid);
    if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
      return responseOf(null, invalid);
    }
    const { maxOpenCalls = Infinity, uncounted = [] } = this.#options;
    if (!uncounted.includes(method)) {
      if (this.#open >= maxOpenCalls) {
        const error = tooMuch(`${maxOpenCalls} calls of this connection are open`, "wait until one has its answer");
        return id === undefined ? null : responseOf(id, error);
      }
      count();
    }
    const { promise, resolve: end } = Promise.withResolvers<JSONRPCError>();
    this.#calls.add(end);
    if (this.#stopped) end(this.#stopped);
    try {
      const stopped = promise.then((error) => id === undefined ? null : responseOf(id, error));
      return await Promise.race([stopped, this.#server.receive(call, this)]);
    } finally {
      this.#calls.delete(end);
    }
  }

  #write(payload: unknown): Promise<void> {
    const text = `${JSON.stringify(payload)}\n`;
    const written = this.#writing.catch(() => {}).then(() => writeAll(this.#channel, text));
    this.#writing = written;
    return written;
  }
}

function responseOf(id: JSONRPCID, { code, message, data }: JSONRPCError): JSONRPCErrorResponse {
  return createJSONRPCErrorResponse(id, code, message, data);
}

/** @returns the error of a bound that was met */
export function tooMuch(message: string, hint?: string): JSONRPCError {
  return { code: rpcCodes.tooMuch, message, ...(hint && { data: { hint } }) };
}
