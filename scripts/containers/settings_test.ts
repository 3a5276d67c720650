/** compose.yaml and .env.example: every setting of both servers reaches them, and each one that is named is there. */

import assert from "node:assert/strict";
import { root } from "../paths.mjs";
import { mayWrite } from "./folders.ts";

const read = (path: string) => Deno.readTextFileSync(`${root}/${path}`);
const namesIn = (text: string, form: RegExp) =>
  [...new Set(Array.from(text.matchAll(form), ([, name]) => name))].sort();

/** Settings that compose.yaml itself gives, because they say what is where inside the containers. */
const givenByCompose: Record<string, string> = {
  QPQ_LISTEN: "QPQ_CORE_BIND and QPQ_CORE_PUBLISH",
  QPQ_DATA: "volumes",
  QPQ_GATEWAY_SECRET: "made by `setup`",
  QPQ_GATEWAY_SECRET_FILE: "made by `setup`",
  QPQ_CORE_ADDR: "the service's name",
  QPQ_CORE_CA: "written by `setup`",
  QPQ_CORE_PIN: "the certificate itself is there",
  QPQ_HTTP_PORT: "QPQ_HTTP_PUBLIC_PORT",
  QPQ_WEB_ROOT: "the image's",
  QPQ_METRICS_BIND: "Compose's network alone",
  QPQ_METRICS_PORT: "Compose's network alone",
  QPQ_GATEWAY_METRICS: "the service's name",
  QPQ_GATEWAY_METRICS_BIND: "Compose's network alone",
};

const settings = namesIn(read("server-core/config.ts") + read("gateway/config.ts"), /"(QPQ_[A-Z0-9_]+)"/g).flatMap((
  key,
) =>
  // Read by ConfigReader.secret, which looks for the file by itself.
  key === "QPQ_GATEWAY_SECRET" || key === "QPQ_AUTH_TOKEN" || key === "QPQ_DB_KEY" ? [key, `${key}_FILE`] : [key]
);

Deno.test("SERVERS 14: .env reaches every setting of core and gateway", () => {
  const passed = namesIn(read("compose.yaml"), /\$\{(QPQ_[A-Z0-9_]+)/g);
  assert.ok(settings.length > 50, `${settings.length} settings`);
  const unreached = settings.filter((key) => !passed.includes(key) && !(key in givenByCompose));
  assert.deepEqual(unreached, [], "compose.yaml does not pass these on");
  assert.deepEqual(Object.keys(givenByCompose).filter((key) => !settings.includes(key)), [], "no setting");
});

Deno.test("SERVERS 14: .env.example has every variable of compose.yaml, and no other", () => {
  const used = namesIn(read("compose.yaml"), /\$\{(QPQ_[A-Z0-9_]+)/g).filter((key) => key !== "QPQ_IMAGE");
  const offered = namesIn(read(".env.example"), /^#(QPQ_[A-Z0-9_]+)=/gm);
  assert.deepEqual(offered, used);
});

Deno.test("SERVERS 14: each variable goes to a service under its own name", () => {
  const renamed = new Set(["QPQ_LISTEN"]);
  for (const [, key, variable] of read("compose.yaml").matchAll(/^ {6}(QPQ_[A-Z0-9_]+): "?\$\{(QPQ_[A-Z0-9_]+)/gm)) {
    if (!renamed.has(key)) assert.equal(variable, key);
  }
});

Deno.test("SERVERS 14: the folder of the backups changes its owner only where the core could not write it", () => {
  assert.ok(mayWrite({ uid: 10001, gid: 0, mode: 0o40700 }));
  assert.ok(mayWrite({ uid: 1000, gid: 10001, mode: 0o40770 }));
  assert.ok(mayWrite({ uid: 0, gid: 0, mode: 0o41777 }));
  assert.ok(!mayWrite({ uid: 0, gid: 0, mode: 0o40755 }));
  assert.ok(!mayWrite({ uid: 1000, gid: 10001, mode: 0o40750 }));
  assert.ok(!mayWrite({ uid: 10001, gid: 0, mode: 0o40577 }), "its owner is judged as the owner");
});
