import { readFileSync, rmSync } from "node:fs";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { expect, test } from "@playwright/test";
import { Person } from "../../e2e/person.ts";
// @ts-ignore: plain JavaScript with JSDoc types
import { hashFiles } from "../build_manifest.mjs";
// @ts-ignore: plain JavaScript with JSDoc types
import { webRoot } from "../paths.mjs";
// @ts-ignore: plain JavaScript with JSDoc types
import { verifyServed } from "../verify-build.mjs";
import { ask } from "./ask.ts";
import { filesOf } from "./image_files.ts";
import { compose, docker, evaluate, healthCheckOf, idOf, inspect, settings } from "./compose.ts";
import { healthy } from "./healthy.ts";
import { folderWithCertificate } from "./test_certificate.ts";

test.describe.configure({ mode: "serial" });

const page = "http://localhost:8080";

test.afterEach(({}, { status, expectedStatus }) => {
  if (status === expectedStatus) return;
  console.log(compose("ps"), compose("logs", "--no-color", "--tail", "60"));
  const there = ["core", "gateway"].filter((service) => compose("ps", "-q", service).trim() !== "");
  for (const service of there) console.log(service, JSON.stringify(inspect(service).State, undefined, 2));
});

test.afterAll(() => {
  compose("down", "-v", "--timeout", "15");
});

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

test("both services run without rights on a read-only root with their own volumes", () => {
  const probe = `
    const can = (action) => { try { action(); return true; } catch { return false; } };
    const names = (path) => {
      try { return [...Deno.readDirSync(path)].map(({ name }) => name).sort(); } catch { return []; }
    };
    console.log(JSON.stringify({
      uid: Deno.uid(),
      root: can(() => Deno.writeTextFileSync("/app/x", "")),
      link: can(() => Deno.writeTextFileSync("/link/x", "")),
      temporary: can(() => Deno.writeTextFileSync("/tmp/x", "")),
      data: names("/data"), keys: names("/keys"), linked: names("/link"),
    }));`;
  const [core, gateway] = ["core", "gateway"].map((service) => JSON.parse(evaluate(service, probe)));
  for (const found of [core, gateway]) {
    expect(found).toMatchObject({
      uid: 10001,
      root: false,
      link: false,
      temporary: true,
      linked: ["core-cert.pem", "gateway-secret"],
    });
  }
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

test("each role's Deno may do what it needs and nothing else", () => {
  const attempts = `const attempts = {
      host: () => Deno.connect({ hostname: "192.0.2.1", port: 443 }),
      port: () => Deno.listen({ hostname: "0.0.0.0", port: 9999 }),
      otherRole: () => Deno.connect({ hostname: "gateway", port: 8080 }),
      program: () => new Deno.Command("/usr/local/bin/deno").output(),
      library: () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}),
      keys: () => Deno.readTextFileSync("/keys/x"),
      system: () => Deno.readTextFileSync("/etc/passwd"),
      code: () => Deno.writeTextFileSync("/app/x", ""),
      linked: () => Deno.writeTextFileSync("/link/x", ""),
      variable: () => Deno.env.get("HOME"),
      own: () => Deno.writeTextFileSync("/data/probe", ""),
      clean: () => Deno.removeSync("/data/probe"),
    };
    const said = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      try { await attempt(); said[name] = "done"; } catch (error) { said[name] = error.name; }
    }
    console.log(JSON.stringify(said));`;
  const [core, gateway] = (["core", "gateway"] as const).map((service) => {
    evaluate(service, `Deno.writeTextFileSync("/tmp/attempt.ts", ${JSON.stringify(attempts)})`);
    const set = service === "core" ? "server" : "gateway";
    return JSON.parse(
      compose(
        "exec",
        "-T",
        service,
        "/usr/local/bin/deno",
        "run",
        "--no-prompt",
        "--quiet",
        "--config=/app/deno.json",
        `-P=${set}`,
        "/tmp/attempt.ts",
      ),
    );
  });
  const refused = "NotCapable";
  const both = {
    host: refused,
    port: refused,
    otherRole: refused,
    program: refused,
    library: refused,
    system: refused,
    code: refused,
    linked: refused,
    own: "done",
    clean: "done",
  };
  // There is no such file; it may look, unlike the gateway.
  expect(core).toEqual({ ...both, keys: "NotFound", variable: refused });
  // acme-client's HTTP client looks through the environment for a proxy.
  expect(gateway).toEqual({ ...both, keys: refused, variable: "done" });
});

test("Prometheus in the network reads both metrics; outside the core's are not published", async () => {
  for (const [address, metric] of [["core:9464", "qpq_connections"], ["gateway:9465", "qpq_gateway_calls_total"]]) {
    const text = evaluate("gateway", `console.log(await (await fetch("http://${address}/metrics")).text())`);
    expect(text).toContain(`# TYPE ${metric} `);
  }
  await expect(fetch("http://127.0.0.1:9464/metrics")).rejects.toThrow();
  expect(await (await fetch("http://127.0.0.1:9465/metrics")).text()).toContain("qpq_gateway_calls_total");
});

test("the database in the volume is encrypted with the key that the first start made", () => {
  const start = evaluate(
    "core",
    `const file = Deno.openSync("/data/qpq.db"); const bytes = new Uint8Array(16); file.readSync(bytes); ` +
      `console.log(new TextDecoder().decode(bytes));`,
  );
  expect(start).not.toContain("SQLite format 3");
});

test("the image serves the very app that the same sources build on this machine, byte for byte", async () => {
  const lines: string[] = [];
  const same = await verifyServed(new URL(page), {
    built: hashFiles(webRoot),
    report: (line: string) => lines.push(line),
  });
  expect(same, lines.join("\n")).toBe(true);
  expect(lines[0]).toContain(`commit ${settings.QPQ_BUILD_COMMIT} of 2023-11-14T22:13:20Z`);
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

test("a restarted core exits with 0 and keeps its data; people go on without a login", async () => {
  compose("stop", "core");
  expect(inspect("core").State).toMatchObject({ Status: "exited", ExitCode: 0 });
  // The gateway's own check looks through to the core.
  expect(() => docker("exec", idOf("gateway"), ...healthCheckOf("gateway"))).toThrow();
  await alice.send("written while the core is away");
  compose("start", "core");
  await expect(bob.message("alice", "written while the core is away")).toHaveCount(1, { timeout: 180_000 });
  await bob.send("and an answer");
  await expect(alice.message("bob", "and an answer")).toHaveCount(1);
  await healthy("core");
  docker("exec", idOf("gateway"), ...healthCheckOf("gateway"));
});

test("the operator's commands run in the container without a shell", () => {
  const server = (...args: string[]) =>
    compose("exec", "-T", "core", "deno", "task", "--quiet", "qpq-server", ...args).trim();
  expect(server("invite")).toMatch(/^\S{10,}$/);
  expect(JSON.parse(server("status", "--json"))).toMatchObject({ server: "serving", accounts: 2, encrypted: true });
  expect(JSON.parse(server("backup", "/backup/first.qpq", "--json"))).toMatchObject({
    file: "/backup/first.qpq",
    encrypted: true,
  });
  expect(JSON.parse(server("check", "--json"))).toEqual({ ok: true, faults: [] });
});

test("a backup restored by docs/operate.md brings all back, and people go on", async ({ browser }) => {
  const carol = await Person.open(browser, page, "carol");
  await carol.createAccount();
  await alice.startChat(["bob", "carol"], "Club");
  await bob.openChat("Club");
  await carol.openChat("Club");
  await carol.page.getByRole("button", { name: "Accept" }).click();
  await carol.send("I am in");
  await expect(alice.message("Club", "I am in")).toHaveCount(1);
  await carol.page.close();
  await alice.send("before the backup");
  await expect(bob.message("Club", "before the backup")).toHaveCount(1);
  await alice.allSent("Club", /before/);

  compose("exec", "-T", "core", "deno", "task", "qpq-server", "backup", "/backup/2026-01-31.qpq");
  await alice.page.getByRole("button", { name: "Chat details" }).click();
  await alice.page.getByRole("button", { name: "Rename" }).click();
  await alice.page.getByRole("textbox", { name: "Group name" }).fill("Club of three");
  await alice.page.getByRole("button", { name: "Save name" }).click();
  await bob.openChat("Club of three");
  await bob.send("after the backup");
  await expect(alice.message("Club of three", "after the backup")).toHaveCount(1);

  // What the page says under "Restore", line by line.
  compose("stop", "core");
  expect(
    compose(
      "run",
      "--rm",
      "core",
      "-P=server",
      "server-core/main.ts",
      "restore",
      "/backup/2026-01-31.qpq",
      "--replace",
    ),
  ).toContain("restored, 0 attachments; the data from before is in /data/before-restore-");
  compose("up", "-d");
  await healthy("core");

  // It was waiting for her at the time of the backup. What the others did since is in nobody's queue any more.
  carol.page = await carol.context.newPage();
  carol.watch(carol.page);
  await carol.page.goto(page);
  await carol.openChat("Club");
  await expect(carol.message("Club", "before the backup")).toHaveCount(1, { timeout: 180_000 });
  // The group had moved on: the device of an admin that writes makes a successor channel, everybody comes
  // along, and so does what waited.
  await bob.send("a member's after the restore");
  await alice.send("an admin's after the restore");
  for (const person of [alice, bob, carol]) {
    for (
      const text of ["I am in", "before the backup", "an admin's after the restore", "a member's after the restore"]
    ) {
      await expect(person.message("Club of three", text), `${person.name}: ${text}`).toHaveCount(1, {
        timeout: 180_000,
      });
    }
    await expect(person.log("Club of three")).toContainText(
      "The chat was set up anew by itself; everything above stays",
    );
  }
  for (const person of [alice, bob]) await expect(person.message("Club of three", "after the backup")).toHaveCount(1);
  await carol.send("I see it");
  await expect(bob.message("Club of three", "I see it")).toHaveCount(1);
  // A chat whose group had not changed needs nothing.
  await alice.openChat("bob");
  await bob.openChat("alice");
  await alice.send("the same chat after the restore");
  await expect(bob.message("alice", "the same chat after the restore")).toHaveCount(1);
  expect(JSON.parse(compose("exec", "-T", "core", "deno", "task", "--quiet", "qpq-server", "check", "--json"))).toEqual(
    { ok: true, faults: [] },
  );
  await carol.close();
});

test("`down` drains both services with exit code 0, and a new `up` finds accounts and messages", async () => {
  compose("stop");
  for (const service of ["core", "gateway"]) {
    expect(inspect(service).State).toMatchObject({ Status: "exited", ExitCode: 0 });
  }
  compose("down");
  compose("up", "-d");
  await bob.send("after everything was new");
  await expect(alice.message("bob", "after everything was new")).toHaveCount(1, { timeout: 180_000 });
  await alice.close();
  await bob.close();
});

test("with a domain and PEM files the app comes over HTTPS, and calls reach the core", async () => {
  const { folder, certificate } = folderWithCertificate();
  Object.assign(settings, {
    QPQ_DOMAIN: "chat.test",
    QPQ_TLS_DIR: folder,
    QPQ_TLS_CERT: "/tls/cert.pem",
    QPQ_TLS_KEY: "/tls/key.pem",
    QPQ_REDIRECT_PORT: "80",
  });
  compose("up", "-d");
  await healthy("gateway");
  const index = await ask(httpsGet, "https://chat.test/", certificate);
  expect(index.status).toBe(200);
  expect(index.body).toBe(readFileSync(`${webRoot}/index.html`, "utf8"));
  expect(index.headers["strict-transport-security"]).toContain("max-age=");
  expect(index.headers["content-security-policy"]).toContain("https://chat.test");
  const wellKnown = JSON.parse(
    (await ask(httpsGet, "https://chat.test/.well-known/quicproquo.json", certificate)).body,
  );
  expect(new URL(wellKnown.webtransport.url).host).toBe("chat.test");
  const plain = await ask(httpGet as typeof httpsGet, "http://chat.test/");
  expect([301, 302, 307, 308]).toContain(plain.status);
  expect(plain.headers.location).toBe("https://chat.test/");
  rmSync(folder, { recursive: true });
});

test("`down` leaves nothing running", () => {
  compose("stop");
  for (const service of ["core", "gateway"]) {
    expect(inspect(service).State).toMatchObject({ Status: "exited", ExitCode: 0 });
  }
  compose("down");
  expect(docker("ps", "-aq").trim()).toBe("");
});
