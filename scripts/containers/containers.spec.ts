import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "@playwright/test";
import { Person } from "../../e2e/person.ts";
import { compose, docker, evaluate, healthCheckOf, idOf, inspect } from "./compose.ts";

test.describe.configure({ mode: "serial" });

const page = "http://localhost:8080";

test.afterEach(({}, { status, expectedStatus }) => {
  if (status === expectedStatus) return;
  console.log(compose("ps"), compose("logs", "--no-color", "--tail", "60"));
  for (const service of ["core", "gateway"]) if (compose("ps", "-q", service).trim() !== "") console.log(service, JSON.stringify(inspect(service).State, undefined, 2));
});

test.afterAll(() => {
  compose("down", "-v", "--timeout", "15");
});

/** Waits for the engine's own verdict, which its health checks give. */
async function healthy(service: string): Promise<void> {
  await expect.poll(() => inspect(service).State.Health?.Status, { timeout: 30_000 }).toBe("healthy");
}

/** The paths in an image. */
function filesOf(image: string): string[] {
  const folder = mkdtempSync(`${tmpdir()}/qpq-image-`);
  const id = docker("create", image).trim();
  try {
    docker("export", "-o", `${folder}/image.tar`, id);
    return execFileSync("tar", ["-tf", `${folder}/image.tar`], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).trim().split("\n");
  } finally {
    docker("rm", id);
    rmSync(folder, { recursive: true });
  }
}

test("the unmodified Dockerfile builds through the unmodified compose.yaml", () => {
  compose("down", "-v");
  compose("build");
});

test("the image holds no shell, no secret and no user but one without rights", () => {
  const image = JSON.parse(docker("image", "inspect", "quicproquo"))[0];
  expect(image.Config.User).toBe("10001:10001");
  const names = filesOf("quicproquo");
  expect(names).toContain("usr/local/bin/deno");
  expect(names.filter((name) => /(^|\/)(sh|bash|dash|busybox|apt|npm|node)$/.test(name))).toEqual([]);
  expect(names.filter((name) => /(^|\/)(gateway-secret|db-key|.*-key\.pem|\.env|\.git)$/.test(name))).toEqual([]);
});

test("a first `up` makes keys and certificates and both services become healthy", async () => {
  compose("up", "-d");
  await healthy("core");
  await healthy("gateway");
  expect(inspect("setup").State).toMatchObject({ Status: "exited", ExitCode: 0 });
});

test("both services run as a user without rights, on a root folder that nobody can write, and see only their own volumes", () => {
  const probe = `
    const can = (action) => { try { action(); return true; } catch { return false; } };
    const names = (path) => { try { return [...Deno.readDirSync(path)].map(({ name }) => name).sort(); } catch { return []; } };
    console.log(JSON.stringify({
      uid: Deno.uid(), root: can(() => Deno.writeTextFileSync("/app/x", "")), link: can(() => Deno.writeTextFileSync("/link/x", "")), temporary: can(() => Deno.writeTextFileSync("/tmp/x", "")),
      data: names("/data"), keys: names("/keys"), linked: names("/link"),
    }));`;
  const [core, gateway] = ["core", "gateway"].map((service) => JSON.parse(evaluate(service, probe)));
  for (const found of [core, gateway]) expect(found).toMatchObject({ uid: 10001, root: false, link: false, temporary: true, linked: ["core-cert.pem", "gateway-secret"] });
  expect(core.keys).toEqual(["db-key"]);
  expect(core.data).toContain("qpq.db");
  expect(gateway.keys).toEqual([]);
  expect(gateway.data).not.toContain("qpq.db");
  for (const service of ["core", "gateway"]) {
    const { HostConfig } = inspect(service);
    expect(HostConfig.ReadonlyRootfs).toBe(true);
    expect(HostConfig.CapDrop).toEqual(["ALL"]);
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.PidsLimit).toBeGreaterThan(0);
  }
});

test("the database in the volume is encrypted with the key that the first start made", () => {
  const start = evaluate("core", `const file = Deno.openSync("/data/qpq.db"); const bytes = new Uint8Array(16); file.readSync(bytes); console.log(new TextDecoder().decode(bytes));`);
  expect(start).not.toContain("SQLite format 3");
});

let alice: Person;
let bob: Person;

test("two people chat through the containers over WebTransport", async ({ browser }) => {
  alice = await Person.open(browser, page, "alice");
  bob = await Person.open(browser, page, "bob");
  await alice.createAccount();
  await bob.createAccount();
  expect(await alice.transport()).toBe("WebTransport");
  await alice.startChat(["bob"]);
  await alice.send("hello from a container");
  await bob.openChat("alice");
  await expect(bob.message("alice", "hello from a container")).toHaveCount(1);
});

test("a core that is restarted drains with exit code 0, keeps its data, and people go on without a new login", async () => {
  compose("stop", "core");
  expect(inspect("core").State).toMatchObject({ Status: "exited", ExitCode: 0 });
  // The gateway's own check looks through to the core.
  expect(() => docker("exec", idOf("gateway"), ...healthCheckOf("gateway"))).toThrow();
  await alice.send("written while the core is away");
  compose("start", "core");
  await expect(bob.message("alice", "written while the core is away")).toHaveCount(1, { timeout: 60_000 });
  await bob.send("and an answer");
  await expect(alice.message("bob", "and an answer")).toHaveCount(1);
  await healthy("core");
  docker("exec", idOf("gateway"), ...healthCheckOf("gateway"));
});

test("the operator's commands run in the container without a shell", () => {
  const invite = compose("exec", "-T", "core", "deno", "task", "--quiet", "qpq-server", "invite").trim();
  expect(invite).toMatch(/^\S{10,}$/);
});

test("`down` drains both services with exit code 0, and a new `up` finds accounts and messages", async () => {
  compose("stop");
  for (const service of ["core", "gateway"]) expect(inspect(service).State).toMatchObject({ Status: "exited", ExitCode: 0 });
  compose("down");
  compose("up", "-d");
  await bob.send("after everything was new");
  await expect(alice.message("bob", "after everything was new")).toHaveCount(1, { timeout: 60_000 });
  await alice.close();
  await bob.close();
});
