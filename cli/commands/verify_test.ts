import assert from "node:assert/strict";
import { readArguments } from "../arguments.ts";
import { Failure } from "../failure.ts";
import type { CommandContext } from "./command.ts";
import { verify } from "./verify.ts";

Deno.test("verify checks its options before it asks the server", async () => {
  for (
    const [options, why] of [[["--accept-key"], /by --number/], [
      ["--verified", "--number", "12345"],
      /60 digits/,
    ]] as const
  ) {
    const invocation = readArguments(["verify", "bob", ...options], () => undefined);
    await assert.rejects(
      verify({ invocation } as CommandContext),
      (error) => error instanceof Failure && error.exitCode === 2 && why.test(error.message),
    );
  }
  for (
    const two of [["--verified", "--unverified"], ["--verified", "--accept-key"], ["--unverified", "--accept-key"]]
  ) {
    const invocation = readArguments(["verify", "bob", ...two], () => undefined);
    // The command gets no session, so any use of it would be a TypeError.
    await assert.rejects(
      verify({ invocation } as CommandContext),
      (error) => error instanceof Failure && error.exitCode === 2 && /do not go together/.test(error.message),
    );
  }
});
