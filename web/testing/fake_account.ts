/** The account of the engine in memory: password, recovery code, devices, and verified keys. */

import type { ChatMember, DeviceInfo, SafetyNumber } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";

const hourMs = 60 * 60_000;
const codes = [
  "7QJW-M3RT-0KX9-ZB4F-A2HP-8VND-6EYC-T1GS-5",
  "2MKD-X8PA-VC31-6QRT-9ZJW-F0HN-B5YE-74SG-K",
  "C4TN-09WE-HQ7R-ZK2M-D8XV-1PFJ-6SAY-B3G5-2",
];

export class FakeAccount {
  readonly verified = new Set<string>();
  /** People with a changed key, and how often it has changed. */
  readonly changed = new Map<string, number>();
  /** By username, the key that was accepted in place of another. */
  readonly accepted = new Map<string, string>();
  #codes = 0;
  #devices: DeviceInfo[];

  constructor(public password: string, deviceId: string, alone: boolean) {
    const nowMs = Date.now();
    const current = { deviceId, current: true, lastUsedMs: nowMs, createdMs: nowMs - 90 * hourMs, sessions: 1 };
    this.#devices = alone ? [current] : [
      {
        deviceId: "93c0de5517fa4b02a6d1e84f20b7c95d",
        current: false,
        lastUsedMs: new Date(nowMs).setHours(-12),
        createdMs: nowMs - 700 * hourMs,
        sessions: 1,
      },
      current,
      { deviceId: "0b7e44d29a615f38c2900d1be6f7a813", current: false, createdMs: nowMs - 9000 * hourMs, sessions: 0 },
    ];
  }

  get recoveryCode(): string {
    return codes[this.#codes % codes.length];
  }

  check(password: string): void {
    if (password !== this.password) throw new EngineError({ code: "L022", detail: "another password" });
  }

  replaceCode(): string {
    this.#codes += 1;
    return this.recoveryCode;
  }

  devices(): DeviceInfo[] {
    return structuredClone(this.#devices);
  }

  revoke(deviceId: string): void {
    this.#devices = this.#devices.filter((device) => device.deviceId !== deviceId);
  }

  endOtherSessions(): void {
    this.#devices = this.#devices.map((
      { lastUsedMs, ...device },
    ) => (device.current ? { ...device, lastUsedMs } : { ...device, sessions: 0 }));
  }

  safetyNumber(username: string): SafetyNumber {
    const seed = [...username].reduce(
      (sum, character) => (sum * 31 + character.codePointAt(0)!) % 100_003,
      this.changed.get(username) ?? 7,
    );
    const digits = Array.from(
      { length: 12 },
      (_, index) => String((seed * (index + 3) * 7919) % 100_000).padStart(5, "0"),
    ).join(" ");
    const qr = Array.from(
      { length: 65 },
      (_, index) => ((seed * (index + 1) * 131) % 256).toString(16).padStart(2, "0"),
    ).join("");
    return {
      username,
      accountKey: this.accepted.get(username) ?? qr.slice(-64),
      digits,
      qr,
      verified: this.verified.has(username),
      changed: this.changed.has(username),
    };
  }

  verify(username: string, accountKey: string, verified: boolean): void {
    if (this.changed.has(username)) throw new EngineError({ code: "L007", detail: "not accepted yet" });
    this.#checkShown(username, accountKey);
    if (verified) this.verified.add(username);
    else this.verified.delete(username);
  }

  /** A key that has changed once changes again just before it is first accepted. */
  accept(username: string, accountKey: string): void {
    if (this.changed.get(username) === 1) this.changed.set(username, 2);
    this.#checkShown(username, accountKey);
    this.accepted.set(username, accountKey);
    this.changed.delete(username);
    this.verified.delete(username);
  }

  #checkShown(username: string, accountKey: string): void {
    if (this.safetyNumber(username).accountKey !== accountKey) {
      throw new EngineError({ code: "L017", detail: "another key" });
    }
  }

  /** @returns the member with this account's marks of its key */
  judged(
    { verified: _verified, keyChanged: _keyChanged, keyReplaced: _keyReplaced, ...member }: ChatMember,
  ): ChatMember {
    if ((this.accepted.get(member.username) ?? member.accountKey) !== member.accountKey) {
      return { ...member, keyReplaced: true };
    }
    return {
      ...member,
      ...(this.verified.has(member.username) && { verified: true }),
      ...(this.changed.has(member.username) && { keyChanged: true }),
    };
  }
}
