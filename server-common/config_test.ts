import assert from "node:assert/strict";
import { ConfigError, ConfigReader } from "./config.ts";

type Key = "PORT" | "BIND" | "MODE" | "SECRET" | "SECRET_FILE";

function reader(values: Partial<Record<Key, string>>, files: Record<string, string> = {}): ConfigReader<Key> {
  return new ConfigReader<Key>((key) => values[key], (path) => {
    if (!(path in files)) throw new Error("no such file");
    return files[path];
  });
}

function failsWith(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error) => error instanceof ConfigError && message.test(error.message));
}

Deno.test("ConfigReader gives the fallback for a key that is not set", () => {
  const config = reader({});
  assert.equal(config.text("MODE"), undefined);
  assert.equal(config.integer("PORT", 80, 0, 65_535), 80);
  assert.equal(config.optionalPort("PORT"), undefined);
  assert.equal(config.choice("MODE", ["open", "closed"], "open"), "open");
  assert.equal(config.bindAddress("BIND", "127.0.0.1"), "127.0.0.1");
  assert.equal(config.secret("SECRET", 32), undefined);
});

Deno.test("ConfigReader.integer() accepts only decimal digits within its bounds", () => {
  assert.equal(reader({ PORT: "65535" }).integer("PORT", 0, 0, 65_535), 65_535);
  for (const value of ["65536", "-1", "1.5", "0x10", "8 0", "", "99999999999999999"]) {
    failsWith(() => reader({ PORT: value }).integer("PORT", 0, 0, 65_535), /^PORT: an integer of 0 … 65535/);
  }
});

Deno.test("ConfigReader.bindAddress() and choice() name the key of an invalid value", () => {
  assert.equal(reader({ BIND: "::1" }).bindAddress("BIND", "127.0.0.1"), "::1");
  assert.equal(reader({ BIND: "localhost" }).bindAddress("BIND", "0.0.0.0"), "127.0.0.1");
  failsWith(() => reader({ BIND: "everywhere" }).bindAddress("BIND", "127.0.0.1"), /^BIND: an IP address/);
  failsWith(() => reader({ MODE: "ajar" }).choice("MODE", ["open", "closed"], "open"), /^MODE: one of open, closed/);
});

Deno.test("ConfigReader.secret() reads the key or its file, never both, and never quotes the value", () => {
  assert.equal(reader({ SECRET: "a secret" }).secret("SECRET", 8), "a secret");
  assert.equal(reader({ SECRET_FILE: "/run/s" }, { "/run/s": "a secret\n" }).secret("SECRET", 8), "a secret");
  failsWith(() => reader({ SECRET: "a", SECRET_FILE: "b" }).secret("SECRET", 1), /^SECRET: set either/);
  failsWith(() => reader({ SECRET: "short" }).secret("SECRET", 8), /^SECRET: at least 8 characters(?!.*short)/);
  failsWith(() => reader({ SECRET_FILE: "/x" }).secret("SECRET", 8), /^SECRET_FILE: can not read \/x: no such file/);
});

Deno.test("PEOPLE B8: a secret that is not UTF-8 is refused; a byte order mark is no part of one", () => {
  const damaged = "tr\ufffdsor".repeat(5);
  failsWith(() => reader({ SECRET: damaged }).secret("SECRET", 8), /^SECRET: the text is not UTF-8(?!.*sor)/);
  const files = { "/run/s": `${damaged}\n`, "/run/t": "\ufeff a secret \r\n" };
  failsWith(() => reader({ SECRET_FILE: "/run/s" }, files).secret("SECRET", 8), /^SECRET_FILE: the text is not UTF-8/);
  assert.equal(reader({ SECRET_FILE: "/run/t" }, files).secret("SECRET", 8), "a secret");
  assert.deepEqual(reader({ SECRET: damaged }).storedSecret("SECRET", 8), { text: damaged, from: "SECRET" });
});
