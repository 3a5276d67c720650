/** A connection in memory that tests can break; data in transit is lost then. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import type { Connection } from "../connection/transport.ts";

type Controller = TransformStreamDefaultController<Uint8Array>;

export class TestConnection implements Connection {
  readonly transport = "WebTransport";
  readonly closed: Promise<{ reason: string }>;
  readonly #serve: (stream: ByteStream) => void;
  readonly #onClose: () => void;
  readonly #controllers = new Set<Controller>();
  #finish: (end: { reason: string }) => void = () => {};
  #open = true;

  constructor(serve: (stream: ByteStream) => void, onClose: () => void) {
    this.#serve = serve;
    this.#onClose = onClose;
    this.closed = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  openStream(): Promise<ByteStream> {
    if (!this.#open) return Promise.reject(new Error("the connection is over"));
    const [there, back] = [this.#pipe(), this.#pipe()];
    this.#serve({ readable: there.readable, writable: back.writable });
    return Promise.resolve({ readable: back.readable, writable: there.writable });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const controller of this.#controllers) controller.error(new Error("connection lost"));
    this.#controllers.clear();
    this.#finish({ reason: "connection lost" });
    this.#onClose();
  }

  #pipe(): TransformStream<Uint8Array, Uint8Array> {
    let own: Controller | undefined;
    const forget = () => {
      if (own) this.#controllers.delete(own);
    };
    return new TransformStream<Uint8Array, Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          this.#controllers.add(controller);
        },
        flush: forget,
      },
      { highWaterMark: 16 },
      { highWaterMark: 16 },
    );
  }
}
