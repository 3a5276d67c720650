/** The command verify: shows a safety number and stores the user's decision about it. */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { wrongUsage } from "../failure.ts";
import type { Command } from "./command.ts";

/** `verify`: stores the decision that the options give, then shows the safety number. */
export const verify: Command = async ({ session, invocation, output }) => {
  const { verified, unverified, "accept-key": acceptKey, number: compared } = invocation.options;
  if ([verified, unverified, acceptKey].filter(Boolean).length > 1) {
    throw wrongUsage("verify: --verified, --unverified and --accept-key do not go together", "verify");
  }
  if (acceptKey && compared === undefined) {
    throw wrongUsage("verify: --accept-key needs the number that you have compared, by --number", "verify");
  }
  if (compared !== undefined && !/^(\s*\d){60}\s*$/.test(String(compared))) {
    throw wrongUsage("verify: a safety number has 60 digits", "verify");
  }
  await session.synced();
  const username = await session.username(invocation.args[0]);
  const seen = await session.engine.safetyNumber(username);
  if (compared !== undefined && digitsOf(String(compared)) !== digitsOf(seen.digits)) {
    throw new EngineError({
      code: LocalCode.otherKey,
      detail: `the safety number with ${username} is not the one that was given`,
    });
  }
  if (acceptKey) await session.engine.acceptChangedKey(username, seen.accountKey);
  if (verified || unverified) await session.engine.setVerified(username, seen.accountKey, verified === true);
  const number = acceptKey || verified || unverified ? await session.engine.safetyNumber(username) : seen;
  const state = number.changed ? "the key has changed" : number.verified ? "verified" : "not verified";
  const groups = digitsOf(number.digits).match(/.{5}/g)!;
  const lines = [0, 4, 8].map((start) => groups.slice(start, start + 4).join(" "));
  await output.line(`${username}: ${state}\n${lines.join("\n")}`, {
    type: "safety-number",
    username,
    digits: groups.join(" "),
    verified: number.verified,
    keyChanged: number.changed,
  });
};

const digitsOf = (number: string) => number.replaceAll(/\s/g, "");
