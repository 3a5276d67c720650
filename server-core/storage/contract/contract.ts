/** Runs the contract's behaviours against an engine, and checks that they cover every method and error. */

import assert from "node:assert/strict";
import { codeName, WireError } from "../../../schema/rpc/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import type { MethodRules } from "./methods.ts";
import { type Engine, type Parts, partsOf, World } from "./world.ts";

/** The store that a suite tests. */
export type Domain = keyof Parts;

/**
 * Declares one test for each behaviour, and one test of completeness: each method needs a test of its result,
 * of each of its errors, and, if it writes, of repeats and races.
 */
export function runContract(
  engine: Engine,
  domain: Domain,
  methods: Record<string, MethodRules>,
  behaviours: Behaviour[],
): void {
  for (const behaviour of behaviours) {
    Deno.test(`${engine.name} ${domain}: ${nameOf(behaviour)}`, () => runBehaviour(engine, domain, methods, behaviour));
  }
  Deno.test(`${engine.name} ${domain}: the contract has tests of every method and every error`, async () => {
    assert.deepEqual(gapsOf(methods, behaviours), []);
    const opened = await engine.open();
    try {
      assert.deepEqual(Object.keys(partsOf(opened)[domain]).sort(), Object.keys(methods).sort());
    } finally {
      await opened.close();
    }
  });
}

function nameOf({ method, codes, sentence }: Behaviour): string {
  return codes.length === 0
    ? `${method}() ${sentence}`
    : `${method}() is ${codes.map(codeName).join(", ")} ${sentence}`;
}

/** @returns a sentence for each thing that the behaviours leave untested */
export function gapsOf(methods: Record<string, MethodRules>, behaviours: Behaviour[]): string[] {
  return Object.entries(methods).flatMap(([method, { writes, errors }]) => {
    const own = behaviours.filter((behaviour) => behaviour.method === method);
    const kinds = writes ? ["does", "repeats", "races"] : ["does"];
    return [
      ...kinds.filter((wanted) => !own.some(({ kind }) => kind === wanted)).map((kind) =>
        `${method}() ${kind}: no test`
      ),
      ...errors.filter((code) => !own.some(({ codes }) => codes.includes(code)))
        .map((code) => `${method}() is ${codeName(code)}: no test`),
    ];
  });
}

async function runBehaviour(
  engine: Engine,
  domain: Domain,
  methods: Record<string, MethodRules>,
  { method, codes, run }: Behaviour,
): Promise<void> {
  const opened = await engine.open();
  const seen = new Recorder(methods);
  try {
    await run(new World(opened, (parts) => seen.record(parts, domain)));
  } finally {
    await opened.close();
  }
  assert.ok(seen.called.has(method), `the test never called ${method}()`);
  for (const code of codes) {
    assert.ok(seen.refused.has(`${method} ${code}`), `the test never saw ${codeName(code)} of ${method}()`);
  }
  assert.deepEqual(seen.undeclared, [], "errors that methods.ts does not list");
}

/** Notes the methods that a test called, and their refusals. */
export class Recorder {
  readonly called = new Set<string>();
  /** "method code". */
  readonly refused = new Set<string>();
  /** Refusals that no rule lists. */
  readonly undeclared: string[] = [];
  readonly #methods: Record<string, MethodRules>;

  constructor(methods: Record<string, MethodRules>) {
    this.#methods = methods;
  }

  /** @returns the parts, with the calls of `domain` recorded */
  record(parts: Parts, domain: Domain): Parts {
    return { ...parts, [domain]: this.#recorded(parts[domain]) };
  }

  #recorded<S extends object>(part: S): S {
    return new Proxy(part, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (args: unknown) => {
          this.called.add(String(name));
          try {
            return await method.call(target, args);
          } catch (error) {
            if (error instanceof WireError) this.#note(String(name), error.code);
            throw error;
          }
        };
      },
    });
  }

  #note(method: string, code: number): void {
    this.refused.add(`${method} ${code}`);
    const known: number[] = this.#methods[method]?.errors ?? [];
    if (!known.includes(code)) this.undeclared.push(`${method}() is ${codeName(code)}`);
  }
}
