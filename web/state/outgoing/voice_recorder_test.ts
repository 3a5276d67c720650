import assert from "node:assert/strict";
import { createVoiceRecorder, maxVoiceMs, type VoiceRecorder } from "./voice_recorder.ts";

/** What Deno does not have, as far as a recording needs it; its clock is moved by the test. */
async function withBrowser(
  ask: () => Promise<unknown>,
  work: (recorder: VoiceRecorder, browser: { nowMs: number; stopped: number }) => Promise<void>,
): Promise<void> {
  const browser = { nowMs: 1_000, stopped: 0 };
  class Recorder extends EventTarget {
    static isTypeSupported = (type: string) => type.startsWith("audio/ogg");
    state = "inactive";
    mimeType = "audio/ogg;codecs=opus";
    start = () => void (this.state = "recording");
    pause = () => void (this.state = "paused");
    resume = this.start;
    stop() {
      this.state = "inactive";
      queueMicrotask(() => {
        this.dispatchEvent(Object.assign(new Event("dataavailable"), { data: new Blob(["sound"]) }));
        this.dispatchEvent(new Event("stop"));
      });
    }
  }
  class Context {
    createAnalyser = () => ({ fftSize: 32, getFloatTimeDomainData: (samples: Float32Array) => samples.fill(0.5) });
    createMediaStreamSource = () => ({ connect() {} });
    close = () => Promise.resolve();
  }
  const replaced: [object, string, unknown][] = [
    [globalThis, "MediaRecorder", Recorder],
    [globalThis, "AudioContext", Context],
    [navigator, "mediaDevices", { getUserMedia: ask }],
    [performance, "now", () => browser.nowMs],
  ];
  const before = replaced.map(([place, name]) => Object.getOwnPropertyDescriptor(place, name));
  for (const [place, name, value] of replaced) Object.defineProperty(place, name, { configurable: true, value });
  try {
    await work(createVoiceRecorder(), browser);
  } finally {
    replaced.forEach(([place, name], index) => {
      if (before[index]) Object.defineProperty(place, name, before[index]);
      else Reflect.deleteProperty(place, name);
    });
  }
}

const track = (browser: { stopped: number }) => Object.assign(new EventTarget(), { stop: () => browser.stopped++ });

function microphone(): { ask: () => Promise<unknown>; tracks: { stopped: number } } {
  const tracks = { stopped: 0 };
  return { tracks, ask: () => Promise.resolve({ getTracks: () => [track(tracks)] }) };
}

/** `until` measures by the clock that the test has replaced. */
async function comes(condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 3_000 && !condition(); looks++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(condition());
}

Deno.test("CONVERSATIONS: a recording ends after 15 minutes, and can be sent", async () => {
  const { ask, tracks } = microphone();
  await withBrowser(ask, async (recorder, browser) => {
    await comes(() => recorder.state() === "recording");
    browser.nowMs += 60_000;
    await comes(() => recorder.elapsedMs() === 60_000);
    browser.nowMs += maxVoiceMs;
    await comes(() => recorder.state() === "ended");
    assert.equal(tracks.stopped, 1, "the microphone is let go");
    const file = await recorder.finish();
    assert.deepEqual([file?.type, file?.voice, file?.durationMs], ["audio/ogg", true, maxVoiceMs]);
    assert.equal(file?.waveform?.length, 64);
    assert.equal(file?.name, "voice.ogg");
  });
});

Deno.test("CONVERSATIONS: a pause is not counted; what is discarded is not sent", async () => {
  const { ask, tracks } = microphone();
  await withBrowser(ask, async (recorder, browser) => {
    await comes(() => recorder.state() === "recording");
    browser.nowMs += 5_000;
    await comes(() => recorder.elapsedMs() === 5_000);
    recorder.pause();
    browser.nowMs += 50_000;
    await new Promise((resolve) => setTimeout(resolve, 120));
    recorder.resume();
    browser.nowMs += 1_000;
    await comes(() => recorder.elapsedMs() === 6_000);
    recorder.discard();
    assert.equal(tracks.stopped, 1);
    assert.equal(recorder.state(), "ended");
  });
});

Deno.test("CONVERSATIONS: a microphone that is refused, missing or taken has its words", async () => {
  const reasons = [["NotAllowedError", "refused"], ["NotFoundError", "missing"], ["NotReadableError", "broken"]];
  for (const [name, state] of reasons) {
    await withBrowser(() => Promise.reject(new DOMException("no", name)), async (recorder) => {
      await comes(() => recorder.state() !== "asking");
      assert.equal(recorder.state(), state);
      assert.equal(await recorder.finish(), undefined);
    });
  }
});
