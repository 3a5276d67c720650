import assert from "node:assert/strict";
import { ErrorCode } from "../../../schema/rpc/errors.ts";
import { judgeAnswer } from "./publish_answer.ts";

Deno.test("judgeAnswer() seals again only messages that the server lacks, and fails where no retry can help", () => {
  const {
    epochConflict,
    staleEpoch,
    notAMember,
    malformed,
    payloadTooLarge,
    forbidden,
    rateLimited,
    queueFull,
    draining,
    internal,
    quotaExceeded,
  } = ErrorCode;
  assert.deepEqual([epochConflict, staleEpoch].map((code) => judgeAnswer(code, 3, 4)), ["seal-again", "seal-again"]);
  assert.deepEqual([epochConflict, staleEpoch].map((code) => judgeAnswer(code, 4, 4)), ["await-epoch", "await-epoch"]);
  for (const code of [notAMember, malformed, payloadTooLarge, forbidden]) {
    assert.equal(judgeAnswer(code, 4, 4), "failed");
  }
  for (const code of [rateLimited, queueFull, draining, internal, quotaExceeded]) {
    assert.equal(judgeAnswer(code, 4, 4), "later");
  }
});
