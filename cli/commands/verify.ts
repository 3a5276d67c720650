/** verify: the safety number of two people, and what was decided about it. */

import { wrongUsage } from "../failure.ts";
import type { Command } from "./command.ts";

/** `verify`: shows the safety number, after what the options say was stored. */
export const verify: Command = async ({ session, invocation, output }) => {
  const { verified, unverified, "accept-key": acceptKey } = invocation.options;
  if ([verified, unverified, acceptKey].filter(Boolean).length > 1) throw wrongUsage("verify: --verified, --unverified and --accept-key do not go together", "verify");
  await session.synced();
  const username = await session.username(invocation.args[0]);
  if (acceptKey) await session.engine.acceptChangedKey(username);
  if (verified || unverified) await session.engine.setVerified(username, verified === true);
  const number = await session.engine.safetyNumber(username);
  const state = number.changed ? "the key has changed" : number.verified ? "verified" : "not verified";
  const groups = number.digits.replaceAll(/\s/g, "").match(/.{5}/g)!;
  const lines = [0, 4, 8].map((start) => groups.slice(start, start + 4).join(" "));
  await output.line(`${username}: ${state}\n${lines.join("\n")}`, { type: "safety-number", username, digits: groups.join(" "), verified: number.verified, keyChanged: number.changed });
};
