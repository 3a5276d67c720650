/** `qpq-server clock`: the time by which the server judges, and the operator's word that the clock is right. */

import type { ClockFacts } from "../storage/operator_store.ts";
import type { Command } from "./command.ts";
import { time } from "./output.ts";

export const clock: Command = {
  synopsis: "clock [--accept]",
  summary: "show whether the server trusts the machine's clock; --accept: it is right",
  details: `A clock that is more than 14 days ahead of the newest time that the server has seen, or behind it, can be \
wrong. Then the server goes by its own trusted time and purges nothing. Set the clock right; or, if it is right \
already (the server was off for long), accept it. A running server follows within a second.`,
  examples: ["qpq-server clock", "qpq-server clock --accept"],
  options: { accept: { type: "boolean" } },
  positionals: [0, 0],
  run: async ({ store, options, output }) => {
    if (options.accept === true) await store.acceptClock();
    const facts = { ...await store.clock() };
    output.record(`${textOfClock(facts)}\nmachine ${time(facts.machineMs)}, trusted ${time(facts.trustedMs)}`, facts);
  },
};

/** @returns a line for people: whether the clocks agree, and what to do if not */
export function textOfClock({ aheadMs }: Pick<ClockFacts, "aheadMs">): string {
  if (aheadMs === 0) return "right";
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const apart = minutes < 120
    ? `${minutes} minutes`
    : minutes < 2880
    ? `${Math.round(minutes / 60)} hours`
    : `${Math.round(minutes / 1440)} days`;
  return `${apart} ${aheadMs > 0 ? "ahead" : "behind"}: nothing is purged. Set it, or qpq-server clock --accept`;
}
