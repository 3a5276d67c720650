import assert from "node:assert/strict";
import { createAppUpdate } from "./app_update.ts";

class Fake extends EventTarget {
  readonly said: unknown[] = [];
  postMessage(message: unknown): void {
    this.said.push(message);
  }
}

/** A browser's service workers, as one page sees them. */
class Workers extends Fake {
  controller: Fake | null = null;
  readonly registration = Object.assign(new Fake(), {
    active: null as Fake | null,
    waiting: null as Fake | null,
    installing: null as Fake | null,
    update: () => Promise.resolve(),
  });
  register(): Promise<unknown> {
    return Promise.resolve(this.registration);
  }

  /** A version is installed and waits, if there is one before it. */
  install(): Fake {
    const worker = new Fake();
    this.registration.installing = worker;
    this.registration.dispatchEvent(new Event("updatefound"));
    this.registration.waiting = worker;
    worker.dispatchEvent(new Event("statechange"));
    return worker;
  }

  /** The version that waits becomes the one, and claims the pages. */
  activate(): void {
    this.registration.active = this.controller = this.registration.waiting;
    this.registration.waiting = null;
    this.dispatchEvent(new Event("controllerchange"));
  }
}

async function page(workers: Workers) {
  let reloads = 0;
  const update = createAppUpdate({
    container: workers as never,
    reloadPage: () => void reloads++,
    onVisible: () => {},
  });
  await Promise.resolve();
  return { update, reloads: () => reloads };
}

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("PEOPLE B0: a tab of the first visit asks for the next version, and reloads for it", options, async () => {
  const workers = new Workers();
  const { update, reloads } = await page(workers);
  workers.install();
  workers.activate();
  assert.deepEqual([update.ready(), reloads()], [false, 0], "the first version replaces none");
  const next = workers.install();
  assert.equal(update.ready(), true);
  update.reload();
  assert.deepEqual(next.said, ["take-over"]);
  workers.activate();
  assert.equal(reloads(), 1);
});

Deno.test("PEOPLE B0: a tab that was loaded past the service worker is asked and reloads too", options, async () => {
  const workers = new Workers();
  workers.registration.active = new Fake();
  const { update, reloads } = await page(workers);
  workers.install();
  assert.equal(update.ready(), true);
  workers.activate();
  assert.equal(reloads(), 1, "another tab's decision");
});

Deno.test("PEOPLE B0: Reload loads the page anew, also when the new version does not take over", options, async () => {
  const workers = new Workers();
  workers.registration.active = workers.controller = new Fake();
  const { update, reloads } = await page(workers);
  workers.install();
  update.reload();
  for (let tries = 0; reloads() === 0 && tries < 3000; tries++) await new Promise((done) => setTimeout(done, 10));
  assert.equal(reloads(), 1);
  workers.activate();
  assert.equal(reloads(), 1, "once");
});
