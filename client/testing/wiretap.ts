/** Records the calls of a transport, and drops answers where a test says so. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { decodeCall } from "../../schema/rpc/calls_and_returns.ts";
import { findMethod } from "../../schema/rpc/methods.ts";
import type { Connection, Transport } from "../connection/transport.ts";

export interface TappedCall {
  method: string;
  params: Record<string, unknown>;
}

export class Wiretap {
  readonly calls: TappedCall[] = [];
  /** Whether this call's answer is lost: the core has it, and acts, but the caller never hears. */
  losesAnswer: (call: TappedCall) => boolean = () => false;

  /** Holds this call's answer back, if it gives something to wait for. */
  holdsAnswer: (call: TappedCall) => Promise<void> | undefined = () => undefined;

  of(method: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  /** The stored messages that were sent, one by one or together. */
  get published(): Record<string, unknown>[] {
    return this.calls.flatMap(({ method, params }) => {
      if (method === "publishInOrder") {
        const { channelId, messages } = params as { channelId: unknown; messages: Record<string, unknown>[] };
        return messages.map((message) => ({ channelId, ...message }));
      }
      return method === "publish" && params.ephemeral === false ? [params] : [];
    });
  }

  readonly wrap = (transport: Transport): Transport => ({
    connect: async (signal) => {
      const connection = await transport.connect(signal);
      const tapped: Connection = {
        transport: connection.transport,
        closed: connection.closed,
        close: () => connection.close(),
        openStream: async (streamSignal) => this.#tap(await connection.openStream(streamSignal)),
      };
      return tapped;
    },
  });

  #tap(stream: ByteStream): ByteStream {
    let call: TappedCall | undefined;
    const sent = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        if (!call) {
          const received = decodeCall(new Uint8Array(piece));
          const method = findMethod(received.interfaceId, received.methodId)!;
          call = { method: method.name, params: received.params(method) };
          this.calls.push(call);
        }
        controller.enqueue(piece);
      },
    });
    const answered = new TransformStream<Uint8Array, Uint8Array>({
      transform: async (piece, controller) => {
        if (call) await this.holdsAnswer(call);
        if (call && this.losesAnswer(call)) controller.error(new Error("the answer was lost"));
        else controller.enqueue(piece);
      },
    });
    sent.readable.pipeTo(stream.writable).catch(() => {});
    stream.readable.pipeTo(answered.writable).catch(() => {});
    return { readable: answered.readable, writable: sent.writable };
  }
}
