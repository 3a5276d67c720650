import assert from "node:assert/strict";
import { LostStreamError } from "./page_streams.ts";
import { createPlayer, type Sound } from "./player.ts";

/** An audio element that plays when it is told to. */
class FakeSound extends EventTarget {
  src = "";
  currentTime = 0;
  duration = Number.NaN;
  playbackRate = 1;
  isPlaying = false;

  play(): Promise<void> {
    this.isPlaying = true;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }

  pause(): void {
    if (this.isPlaying) this.dispatchEvent(new Event("pause"));
    this.isPlaying = false;
  }

  removeAttribute(): void {
    this.src = "";
  }

  /** Time passes. */
  goOn(seconds: number): void {
    this.currentTime += seconds;
    this.dispatchEvent(new Event("timeupdate"));
  }
}

function playerOf() {
  const sound = new FakeSound();
  const open = new Set<string>();
  const source = (url: string) => () => {
    open.add(url);
    return Promise.resolve({ url, close: () => void open.delete(url) });
  };
  return { sound, open, source, player: createPlayer(sound as unknown as Sound) };
}

Deno.test("CONVERSATIONS: one sound plays at a time, and each goes on where it was stopped", async () => {
  const { sound, open, source, player } = playerOf();
  await player.toggle("a", source("blob:a"));
  assert.ok(player.isPlaying("a"));
  sound.goOn(3);
  await player.toggle("b", source("blob:b"));
  assert.deepEqual([player.isPlaying("a"), player.isPlaying("b"), player.position("a"), [...open]], [
    false,
    true,
    3,
    ["blob:b"],
  ]);
  sound.currentTime = 0;
  await player.toggle("a", source("blob:a"));
  assert.deepEqual([sound.src, sound.currentTime], ["blob:a", 3]);
  await player.toggle("a", source("blob:a"));
  assert.ok(!player.isPlaying("a"));
  player.close();
  assert.equal(open.size, 0);
});

Deno.test("CONVERSATIONS: all sounds have one speed, and a place can be chosen before a sound plays", async () => {
  const { sound, source, player } = playerOf();
  player.nextSpeed();
  player.seek("a", 4);
  assert.equal(player.position("a"), 4);
  await player.toggle("a", source("blob:a"));
  assert.deepEqual([sound.playbackRate, sound.currentTime], [1.5, 4]);
  player.seek("a", 1);
  assert.equal(sound.currentTime, 1);
  player.nextSpeed();
  assert.equal(sound.playbackRate, 2);
  player.nextSpeed();
  assert.equal(sound.playbackRate, 1);
});

Deno.test("CONVERSATIONS: a sound that ends is at its beginning, one without a length has none", async () => {
  const { sound, source, player } = playerOf();
  await player.toggle("a", source("blob:a"));
  sound.duration = Infinity;
  sound.dispatchEvent(new Event("durationchange"));
  assert.equal(player.length("a"), undefined);
  sound.duration = 6;
  sound.dispatchEvent(new Event("durationchange"));
  assert.equal(player.length("a"), 6);
  sound.goOn(6);
  sound.dispatchEvent(new Event("ended"));
  assert.deepEqual([player.isPlaying("a"), player.position("a")], [false, 0]);
});

Deno.test("CONVERSATIONS: a sound that does not open says so, and nothing plays", async () => {
  const { player } = playerOf();
  await assert.rejects(player.toggle("a", () => Promise.reject(new Error("gone"))), /gone/);
  assert.ok(!player.isPlaying("a"));
});

Deno.test("CONVERSATIONS: a sound whose bytes do not come says so, and is begun anew where it was", async () => {
  const { sound, source, player } = playerOf();
  await player.toggle("a", source("/media/a"));
  sound.goOn(3);
  sound.dispatchEvent(new Event("error"));
  assert.deepEqual([player.isPlaying("a"), player.position("a")], [false, 3]);
  sound.play = () => Promise.reject(new DOMException("no supported source", "NotSupportedError"));
  const open = (isLost: boolean) => () => Promise.resolve({ url: "/media/a", isLost: () => isLost, close() {} });
  await assert.rejects(player.toggle("a", open(true)), LostStreamError);
  await assert.rejects(player.toggle("a", open(false)), DOMException);
  assert.equal(player.position("a"), 3);
});
