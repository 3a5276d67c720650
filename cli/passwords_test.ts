import assert from "node:assert/strict";
import { SqliteStorage } from "./storage/sqlite_storage.ts";
import { Core } from "./testing/core.ts";
import { password, Shell } from "./testing/shell.ts";

/** "größe und wörter sind frei" in ISO 8859-1. */
const latin1 = Uint8Array.from("gr\xf6\xdfe und w\xf6rter sind frei", (char) => char.charCodeAt(0));
const byteOrderMark = "\ufeff";

Deno.test("PEOPLE A6, PEOPLE B8: passwords and passphrases of qpq", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async (test) => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const file = (name: string, content: string | Uint8Array) => {
    const path = `${shell.folder}/${name}`;
    Deno.writeFileSync(path, typeof content === "string" ? new TextEncoder().encode(content) : content, {
      mode: 0o600,
    });
    return name;
  };
  const refuses = async (person: string, command: string, what: RegExp, more: Record<string, string> = {}) => {
    const { code, stderr } = await shell.run(person, command, more);
    assert.notEqual(code, 0, command);
    assert.match(stderr, what);
  };
  const works = async (person: string, command: string, more: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await shell.run(person, command, more);
    assert.equal(code, 0, `${command}: ${stderr}`);
    return { stdout, stderr };
  };
  try {
    await test.step("PEOPLE A6: a weak password is refused where it is made, with what to do", async () => {
      await refuses(
        "anna",
        "qpq register anna",
        /L003 many people use this password.*\nqpq: hint:.*generate-password/,
        {
          QPQ_PASSWORD: "password1234",
        },
      );
      await works("anna", "qpq register anna");
      await refuses("anna", "qpq passwd", /L003 the password contains the username/, {
        QPQ_NEW_PASSWORD: "anna anna anna b",
      });
    });

    await test.step("PEOPLE A6: a password that exists is never judged", async () => {
      await refuses("old", "qpq login anna", /L022/, { QPQ_PASSWORD: "short" });
    });

    await test.step("PEOPLE A6: a generated password is printed, and opens the account", async () => {
      const { stdout } = await works("anna", "qpq passwd --generate-password");
      const made = /shown this once:\n((?:[a-z-]+ ){5}[a-z-]+)\n/.exec(stdout)![1];
      await works("second", "qpq login anna", { QPQ_PASSWORD: made });
      await works("anna", "qpq passwd", { QPQ_PASSWORD: made, QPQ_NEW_PASSWORD: password });
    });

    await test.step("PEOPLE A6: the passphrase of a state is judged with the first command alone", async () => {
      await refuses("weak", "qpq whoami", /L003 QPQ_PASSPHRASE: many people use this passphrase/, {
        QPQ_PASSPHRASE: "qwertyuiop12",
      });
      assert.throws(() => Deno.statSync(shell.statePath("weak")), Deno.errors.NotFound);
      (SqliteStorage.open(shell.statePath("weak"), "qwertyuiop12")).close();
      await refuses("weak", "qpq whoami", /L002/, { QPQ_PASSPHRASE: "qwertyuiop12" });
    });

    await test.step("PEOPLE B8: a new password or passphrase that is not UTF-8 is refused", async () => {
      const pw = file("latin1.txt", latin1);
      await refuses(
        "berta",
        `qpq register berta --password-file ${pw}`,
        /L031 --password-file latin1.txt is not UTF-8/,
      );
      await refuses("bertha", `qpq whoami --passphrase-file ${pw}`, /L031 --passphrase-file latin1.txt is not UTF-8/);
    });

    await test.step("PEOPLE B8: a byte order mark is no part of a new password", async () => {
      const pw = file("mark.txt", `${byteOrderMark}${password}\r\nsecond line`);
      await works("carl", `qpq register carl --password-file ${pw}`);
      await works("carl2", "qpq login carl");
    });

    await test.step("PEOPLE B8: a password that older versions read otherwise opens, with a warning", async () => {
      await works("dora", "qpq register dora", { QPQ_PASSWORD: `${byteOrderMark}${password}` });
      const marked = file("marked.txt", `${byteOrderMark}${password}\n`);
      const { stderr } = await works("dora2", `qpq login dora --password-file ${marked}`);
      assert.match(stderr, /warning: --password-file marked.txt was taken as older versions/);
      const replaced = new TextDecoder().decode(latin1);
      await works("emil", "qpq register emil", { QPQ_PASSWORD: replaced });
      const foreign = file("foreign.txt", latin1);
      assert.match(
        (await works("emil2", `qpq login emil --password-file ${foreign}`)).stderr,
        /as older versions of qpq read it \(it is not UTF-8\)/,
      );
      await refuses("emil3", `qpq login anna --password-file ${marked.replace("marked", "foreign")}`, /L022/);
    });

    await test.step("PEOPLE B8: a passphrase is NFKC; the older form opens with a warning", async () => {
      const composed = "gr\u00f6\u00dfe und w\u00f6rter", apart = composed.normalize("NFD");
      await refuses("new", "qpq whoami", /L002/, { QPQ_PASSPHRASE: apart });
      const { code, stderr } = await shell.run("new", "qpq whoami", { QPQ_PASSPHRASE: composed });
      assert.deepEqual([code, /warning/.test(stderr)], [3, false]);
      SqliteStorage.open(shell.statePath("former"), apart).close();
      await refuses("former", "qpq whoami", /warning: QPQ_PASSPHRASE was taken as older.*NFKC[^]*L002/, {
        QPQ_PASSPHRASE: apart,
      });
      await refuses("former", "qpq whoami", /does not open with this passphrase/, { QPQ_PASSPHRASE: `${apart}.` });
    });
  } finally {
    await core.remove();
  }
});
