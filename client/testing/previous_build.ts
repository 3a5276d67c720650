/** The engine of the version before this one, for tests with old and new builds in one group. */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import type { Engine } from "../engine/engine.ts";
import { importWrappingKey } from "../storage/sealed_store.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import { password, Person, type PersonCore } from "./person.ts";

const root = new URL("../..", import.meta.url).pathname;

/** @returns the Engine class of that version (fixtures/make_previous.mjs) */
async function previousEngine(): Promise<typeof Engine> {
  const code = brotliDecompressSync(Deno.readFileSync(`${root}/client/testing/fixtures/previous_engine.js.br`));
  // Its packages are found from a folder of the project.
  const folder = `${root}/test-results`;
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/previous_engine_${crypto.randomUUID()}.js`;
  writeFileSync(`${path}.part`, code);
  renameSync(`${path}.part`, path);
  try {
    return (await import(pathToFileURL(path).href)).Engine;
  } finally {
    Deno.removeSync(path);
  }
}

/** A new account whose device runs the version before this one. */
export async function personOfPreviousBuild(core: PersonCore, username: string): Promise<Person> {
  const Previous = await previousEngine();
  const wrappingKey = await importWrappingKey(crypto.getRandomValues(new Uint8Array(32)));
  const profile = { storage: new MemoryStorage(), wrappingKey, open: (options: never) => Previous.open(options) };
  const person = await Person.of(core, username, profile, 5);
  await person.engine.createAccount(username, password);
  await person.connected();
  return person;
}

/** The profile goes on with the version of today. */
export async function update(person: Person): Promise<void> {
  person.openEngine = undefined;
  await person.engine.close();
  person.storage = person.storage.restarted();
  await person.start();
  await person.connected();
}
