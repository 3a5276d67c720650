import assert from "node:assert/strict";
import { Pulse } from "./pulse.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A connection whose other end answers after 5 ms while it is up. */
class FakeConnection {
  isUp = true;
  sent = 0;
  /** Runs in the next beat. */
  onBeat = () => {};
  readonly #answers: (() => void)[] = [];
  readonly #readers: ((datagram: Uint8Array) => void)[] = [];

  sendDatagram(data: Uint8Array): Promise<void> {
    this.sent++;
    const now = this.onBeat;
    this.onBeat = () => {};
    now();
    const answer = () => this.#readers.shift()?.(data);
    if (this.isUp) setTimeout(answer, 5);
    else this.#answers.push(answer);
    return Promise.resolve();
  }

  readDatagram(): Promise<Uint8Array> {
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  goOn(): void {
    this.isUp = true;
    this.#answers.shift()?.();
  }
}

function beating(conn: FakeConnection, beatMs = 100) {
  const told: boolean[] = [];
  const pulse = new Pulse(conn, { beatMs, silentAfterMs: 400, changed: () => told.push(pulse.isSilent) });
  return { pulse, told };
}

Deno.test("PEOPLE B4: Pulse tells silence, and that the other end answers again", async () => {
  const conn = new FakeConnection();
  const { pulse, told } = beating(conn);
  await pause(250);
  assert.equal(pulse.isSilent, false);
  conn.isUp = false;
  while (!pulse.isSilent) await pause(5);
  const judged = pulse.staysSilent(1);
  conn.goOn();
  assert.equal(await judged, false);
  assert.deepEqual(told, [true, false]);
  pulse.stop();
});

Deno.test("PEOPLE B4: Pulse judges nobody right after this process was busy", async () => {
  const conn = new FakeConnection();
  const { pulse, told } = beating(conn);
  await pause(250);
  conn.onBeat = () => {
    for (const endMs = performance.now() + 1_000; performance.now() < endMs;);
  };
  await pause(1_200);
  assert.deepEqual(told, []);
  pulse.stop();
});

Deno.test("PEOPLE B4: Pulse asks no more than 20 times who never answers, and never calls that silence", async () => {
  const conn = new FakeConnection();
  conn.isUp = false;
  const { told } = beating(conn, 10);
  await pause(1_000);
  assert.equal(conn.sent, 20);
  assert.deepEqual(told, []);
});
