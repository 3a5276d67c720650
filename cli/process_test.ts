import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { checkRecord } from "./testing/records.ts";
import { password, Shell } from "./testing/shell.ts";

Deno.test(
  "qpq as processes that follow, collide and are killed",
  { sanitizeOps: false, sanitizeResources: false },
  async (test) => {
    const core = new Core();
    await core.start();
    const shell = new Shell(core);
    const { quiet } = shell;
    try {
      await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
      await quiet("anna", "qpq create-group talk && qpq invite talk bert");
      await quiet("bert", "qpq join && qpq recv");

      await test.step("recv --follow prints new messages, locks its state, and ends cleanly on a signal", async () => {
        const following = shell.start("bert", "exec qpq recv --follow --json");
        const lines = new Lines(following.stdout);
        await quiet("anna", "qpq send talk one");
        assert.equal(JSON.parse(await lines.next()).text, "one");
        const second = await shell.run("bert", "qpq groups");
        assert.deepEqual([second.code, second.stdout], [5, ""]);
        assert.match(
          second.stderr,
          /^qpq: error: bert\.db is in use by another qpq\nqpq: hint: wait until it has ended/,
        );
        following.kill("SIGTERM");
        assert.deepEqual([(await following.status).code, await lines.next()], [0, ""]);
        assert.equal(await quiet("bert", "qpq recv"), "");
      });

      await test.step("recv ends quietly when its reader goes away, and prints the rest the next time", async () => {
        await quiet("anna", "qpq send talk two");
        const { stderr } = await shell.run("bert", "{ qpq recv --follow; echo $? >&2; } | true");
        assert.equal(stderr, "0\n");
        assert.match(await quiet("bert", "qpq recv"), /anna: two\n$/);
      });

      await test.step("a process killed while sending loses no message and sends none twice", async () => {
        const startedMs = performance.now();
        await quiet("anna", "qpq send talk whole");
        await quiet("bert", "qpq recv");
        const spanMs = performance.now() - startedMs;
        const accepted: string[] = [];
        for (const part of [0.3, 0.4, 0.5, 0.6]) {
          const { stdout } = await shell.run(
            "anna",
            `timeout -s KILL ${(part * spanMs / 1000).toFixed(3)} qpq send talk "killed ${part}"`,
          );
          if (stdout.includes("sent to talk")) accepted.push(`killed ${part}`);
        }
        await quiet("anna", "qpq groups");
        const heard = (await quiet("bert", "qpq recv --json")).trim().split("\n").filter(Boolean).map((line) =>
          JSON.parse(line).text as string
        );
        assert.equal(new Set(heard).size, heard.length, "none twice");
        for (const text of accepted) assert.ok(heard.includes(text), text);
      });

      await test.step("a full disk or a file size limit ends the command with a hint", async () => {
        const hint = /^qpq: error: .*\nqpq: hint: (free space|raise the file size limit).* nothing is lost\n$/;
        const limited = await shell.run("anna", "ulimit -f 1; qpq send talk 'no room'");
        assert.deepEqual([limited.code, limited.stdout], [5, ""]);
        assert.match(limited.stderr, hint);
        await quiet("anna", "qpq send talk 'room again'");
        // A file system of 400 kB that another file fills. Messages at the server stay there until there is
        // room.
        const full = await shell.run(
          "bert",
          `unshare ${Deno.uid() === 0 ? "" : "--user --map-root-user "}--mount sh -c '
        mkdir -p small && mount -t tmpfs -o size=400k tmpfs small && cp bert.db small/ && {
          cat /dev/zero > small/filler 2>/dev/null
          QPQ_STATE=small/bert.db qpq recv; echo "[$?]"
          rm small/filler; QPQ_STATE=small/bert.db qpq recv
        }
        cp small/bert.db bert.db'`,
        );
        assert.match(full.stderr, hint);
        assert.match(full.stdout, /^\[5\]\n.*room again\n$/);
        assert.equal(await quiet("bert", "qpq recv"), "");
      });

      await test.step("a state in a folder that can not be written is refused with a hint", async () => {
        await quiet(
          "anna",
          "mkdir closed && cp anna.db closed/ && cp anna.db closed.db && chmod 500 closed && chmod 400 closed.db",
        );
        // Root may write everywhere, unless it gives that up.
        const asUser = Deno.uid() === 0 ? "setpriv --bounding-set=-all --inh-caps=-all " : "";
        for (
          const [state, what] of [["closed/anna.db", "can not be written"], ["closed/new.db", "can not be made"], [
            "closed.db",
            "can not be read and written",
          ]]
        ) {
          const { code, stderr } = await shell.run("anna", `exec ${asUser}qpq whoami --state ${state}`);
          assert.equal(code, 5, stderr);
          assert.match(stderr, new RegExp(`^qpq: error: ${state} ${what}: .*\\nqpq: hint: .*with --state\n$`));
        }
        await quiet("anna", "chmod 700 closed");
      });

      await test.step("a password prompt allows corrections, shows nothing, and restores the terminal", async () => {
        const terminal = shell.start(
          "typed",
          `exec script --quiet --return --flush --command '
        trap : INT; stty -g > before; qpq login anna; echo "[$?]"
        stty -g > after; cmp before after; qpq login anna' /dev/null`,
          { QPQ_PASSWORD: "" },
          "piped",
        );
        const keys = terminal.stdin.getWriter();
        const shown = terminal.stdout.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
          .getReader();
        let screen = "";
        const until = async (text: string) => {
          while (!screen.includes(text)) {
            const { done, value } = await shown.read();
            assert.equal(done, false, screen);
            screen += value;
          }
        };
        const press = (text: string) => keys.write(new TextEncoder().encode(text));
        await until("Password for anna: ");
        await press("half a passw\x03");
        await until("[130]");
        screen = screen.slice(screen.indexOf("[130]"));
        await until("Password for anna: ");
        await press(`something else\x15${password}ü\x7f\n`);
        await until("anna is signed in");
        assert.doesNotMatch(screen, /passw\b|something|horse|differ/);
        assert.match(screen.replaceAll("\x1b", "ESC"), /\rESC\[Kqpq: \w/);
        assert.doesNotMatch(screen, /…\r?\n/, "how far it is stands in one line");
        await keys.close();
        assert.equal((await terminal.status).code, 0);
      });

      await test.step("demo-group runs through everything against a given server", async () => {
        const lines = (await quiet("demo", 'qpq demo-group --json --server "$QPQ_SERVER"')).trim().split("\n");
        assert.deepEqual(new Set(lines.map(checkRecord)), new Set(["step"]));
        const steps = lines.map((line) => JSON.parse(line).step);
        assert.deepEqual([steps[0], steps.at(-1), steps.filter((step) => step === "message").length], [
          "register",
          "leave",
          4,
        ]);
      });

      await test.step("SERVERS 13: demo-group leaves QPQ_SERVER alone, and inherits nothing", async () => {
        // A core that registers nobody, and a setting that would close the demo's own core, too.
        const { code, stdout, stderr } = await shell.run("demo", "qpq demo-group", { QPQ_REGISTRATION: "closed" });
        assert.equal(code, 0, stderr);
        assert.match(stdout, /alice invites bob and carol\n[^]*carol leaves; all of it worked\n$/);
      });
    } finally {
      await core.remove();
    }
  },
);
