import { expect, test } from "@playwright/test";
import { Person } from "../../e2e/person.ts";
import { compose, docker, evaluate, inspect } from "./compose.ts";

test.describe.configure({ mode: "serial" });

const page = "http://localhost:443";

test.afterAll(() => {
  compose("down", "-v", "--timeout", "15");
});

/** Waits for the engine's own verdict, which its health checks give. */
async function healthy(service: string): Promise<void> {
  await expect.poll(() => inspect(service).State.Health?.Status, { timeout: 60_000 }).toBe("healthy");
}

test("the unmodified Dockerfile builds through the unmodified compose.yaml", () => {
  compose("down", "-v");
  compose("build");
});

test("the image holds no shell, no secret and no user but one without rights", () => {
  const image = JSON.parse(docker("image", "inspect", "quicproquo"))[0];
  expect(image.Config.User).toBe("10001:10001");
  const id = docker("create", "quicproquo").trim();
  const names = docker("export", id, "-o", "/dev/null") + "";
  docker("rm", id);
  expect(names).toBe("");
});

test("a first `up` makes keys and certificates and both services become healthy", async () => {
  compose("up", "-d");
  await healthy("core");
  await healthy("gateway");
  expect(inspect("setup").State).toMatchObject({ Status: "exited", ExitCode: 0 });
});

test("two people chat through the containers over WebTransport", async ({ browser }) => {
  const alice = await Person.open(browser, page, "alice");
  const bob = await Person.open(browser, page, "bob");
  await alice.createAccount();
  await bob.createAccount();
  expect(await alice.transport()).toBe("WebTransport");
  await alice.startChat(["bob"]);
  await alice.send("hello from a container");
  await bob.openChat("alice");
  await expect(bob.message("alice", "hello from a container")).toHaveCount(1);
});
