import assert from "node:assert/strict";
import { LocalCode } from "../client/api/errors.ts";
import { failureOfProblem } from "./failure.ts";
import { exitCodes } from "./usage.ts";

const hintOf = (code: string) => failureOfProblem({ code, detail: "" }).hint ?? assert.fail(`${code} has no hint`);

Deno.test("failureOfProblem() says for each thing that is too large what to do about it", () => {
  const hints = [LocalCode.tooLarge, LocalCode.nameTooLong, LocalCode.tooManyPeople].map(hintOf);
  assert.deepEqual(hints, ["send it in parts", "use 200 characters at most", "invite 500 at most, then the others"]);
});

Deno.test("failureOfProblem() gives the wait as hint, and exit codes that scripts can tell apart", () => {
  assert.equal(failureOfProblem({ code: "E005", detail: "", retryAfterMs: 1_500 }).hint, "try again in 2 s");
  assert.equal(failureOfProblem({ code: "E005", detail: "", retryAfterMs: 80_000_000 }).hint, "try again in 23 hours");
  const exits = [LocalCode.offline, "E002", LocalCode.storage, LocalCode.tooLarge].map((code) =>
    failureOfProblem({ code, detail: "" }).exitCode
  );
  assert.deepEqual(exits, [exitCodes.offline, exitCodes.signedOut, exitCodes.state, exitCodes.failed]);
});
