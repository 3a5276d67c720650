/** As sign_ins.ts, from eight addresses. On Linux all of 127.0.0.0/8 is this machine. */

import type { Attack } from "../attack.ts";
import { floodSignIns } from "./sign_ins.ts";

export const attack: Attack = {
  what: "eight addresses start sign-ins under many names, each at its limit",
  run: (target, signal) =>
    floodSignIns(target, signal, Array.from({ length: 8 }, (_, index) => `127.0.0.${2 + index}`)),
};
