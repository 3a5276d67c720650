/** The envelope structs of a call, encoded and decoded: Call, Return, Chunk. */

import * as $ from "capnp-es";
import type { Bytes } from "../bytes.ts";
import * as wire from "../generated/node.ts";
import { MalformedError } from "../malformed_error.ts";
import { WireError } from "./errors.ts";
import { decodeBytesReturn, encodeBytesReturn } from "./byte_messages.ts";
import { delivery, type Method } from "./methods.ts";
import { readPlain, type StructClass, writePlain } from "./plain.ts";

/** The only versions there are; a call with any other is refused, never guessed at. */
export const wireVersion = 1;
export const authVersion = 1;

const noBytes = new Uint8Array();
/** A streamed body goes in pieces of at most this many bytes. */
export const maxChunkBytes = 64 * 1024;

/** Who calls: the session's token (32 bytes or empty) and the device that it is bound to (16 bytes or empty). */
export interface CallAuth {
  version: number;
  accessToken: Bytes;
  deviceId: Bytes;
}

export const noAuth: CallAuth = { version: authVersion, accessToken: new Uint8Array(), deviceId: new Uint8Array() };

/** A received call before its parameters are read. */
export interface ReceivedCall {
  interfaceId: bigint;
  methodId: number;
  auth: CallAuth;
  version: number;
  /** @throws MalformedError */
  params(method: Method): Record<string, unknown>;
}

/** @returns one framed message */
export function encodeCall(method: Method, params: object, auth: CallAuth, version: number = wireVersion): Bytes {
  const message = new $.Message();
  const call = message.initRoot(wire.Call);
  call.interfaceId = method.interfaceId;
  call.methodId = method.methodId;
  call.version = version;
  writePlain(call._initAuth(), auth);
  writePlain($.utils.initStructAt(1, method.ParamsClass as StructClass<$.Struct>, call), params);
  return new Uint8Array(message.toArrayBuffer());
}

/** @returns the call in a framed Call, its parameters not read yet @throws MalformedError */
export function decodeCall(framed: Bytes): ReceivedCall {
  return reading(() => {
    const call = new $.Message(framed, false).getRoot(wire.Call);
    return {
      interfaceId: call.interfaceId,
      methodId: call.methodId,
      auth: readPlain(call.auth),
      version: call.version,
      params: (method) =>
        reading(() => {
          if (!call._hasParams()) {
            if (hasNoFields(method.ParamsClass)) return {};
            throw new MalformedError("a call without parameters");
          }
          return readPlain($.utils.getAs(method.ParamsClass as StructClass<$.Struct>, call.params)) as Record<
            string,
            unknown
          >;
        }),
    };
  });
}

/** @returns one framed Return with results */
export function encodeResults(method: Method, results: object): Bytes {
  const bytes = isBytesAlone(method) ? (results as { bytes: Bytes }).bytes : noBytes;
  if (bytes.length > 0) return encodeBytesReturn(bytes);
  return encodeReturn((answer) => {
    $.utils.setUint16(0, wire.Return_Which.RESULTS, answer);
    writePlain($.utils.initStructAt(0, method.ResultsClass as StructClass<$.Struct>, answer), results);
  });
}

/** @returns one framed Return with an error */
export function encodeError({ code, reason, retryAfterMs }: WireError): Bytes {
  return encodeReturn((answer) => writePlain(answer._initError(), { code, message: reason, retryAfterMs }));
}

/** @returns one framed Return that ends a streaming call */
export function encodeEnd(): Bytes {
  return encodeReturn((answer) => {
    answer.end = true;
  });
}

function encodeReturn(fill: (answer: wire.Return) => void): Bytes {
  const message = new $.Message();
  fill(message.initRoot(wire.Return));
  return new Uint8Array(message.toArrayBuffer());
}

export type ReceivedReturn =
  | { kind: "results"; results: Record<string, unknown> }
  | { kind: "error"; error: WireError }
  | { kind: "end" };

/**
 * @param framed memory that is nobody else's: bytes of results may stay in it
 * @returns what a framed Return answers to a call of the method
 * @throws MalformedError
 */
export function decodeReturn(framed: Bytes, method: Method): ReceivedReturn {
  const bytes = isBytesAlone(method) && decodeBytesReturn(framed);
  if (bytes) return { kind: "results", results: { bytes } };
  return reading<ReceivedReturn>(() => {
    const answer = new $.Message(framed, false).getRoot(wire.Return);
    switch (answer.which()) {
      case wire.Return_Which.RESULTS:
        if (!answer._hasResults()) {
          if (hasNoFields(method.ResultsClass)) return { kind: "results", results: {} };
          throw new MalformedError("an answer without results");
        }
        return {
          kind: "results",
          results: readPlain($.utils.getAs(method.ResultsClass as StructClass<$.Struct>, answer.results)) as Record<
            string,
            unknown
          >,
        };
      case wire.Return_Which.ERROR: {
        const { code, message, retryAfterMs } = readPlain(answer.error);
        return { kind: "error", error: new WireError(code, message, retryAfterMs) };
      }
      case wire.Return_Which.END:
        return { kind: "end" };
      default:
        throw new MalformedError("an answer of an unknown kind");
    }
  });
}

/** @returns the piece of a body in a framed Chunk, 1 to 65,536 bytes @throws MalformedError */
export function decodeChunk(framed: Bytes): Bytes {
  return reading(() => {
    const { bytes } = readPlain(new $.Message(framed, false).getRoot(wire.Chunk));
    if (bytes.length === 0 || bytes.length > maxChunkBytes) {
      throw new MalformedError("a piece of a body must be 1 to 65,536 bytes");
    }
    return bytes;
  });
}

/** Whether its results have one field, of bytes. */
const isBytesAlone = (method: Method) => method === delivery.getBlob || method === delivery.fetchBody;

/**
 * A struct of size 0 right behind its pointer is all zeros, which is how a null pointer looks, too: capnp-es
 * writes the empty answers of `-> ()` so.
 */
function hasNoFields(struct: StructClass): boolean {
  const { dataByteLength, pointerLength } = struct._capnp.size;
  return dataByteLength === 0 && pointerLength === 0;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof MalformedError
      ? error
      : new MalformedError(`not a valid message: ${(error as Error).message}`);
  }
}
