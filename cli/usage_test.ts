import assert from "node:assert/strict";
import { completionScript } from "./completion.ts";
import { withValue } from "./permissions.mjs";
import { manualPage } from "./manual_page.ts";
import { recordFields } from "./records.ts";
import { commands, exitCodes, globalOptions, helpText } from "./usage.ts";
import { readPage } from "../schema/testing/doc_page.ts";

const reference = readPage("docs/cli.md");

Deno.test("docs/cli.md has every command with its arguments, every option and every exit code", () => {
  for (const [name, { args, options = {} }] of Object.entries(commands)) {
    assert.ok(reference.includes(`\`${name}${args ? ` ${args}` : ""}\``.replaceAll("|", "\\|")), name);
    for (const option of Object.keys(options)) assert.ok(reference.includes(`\`--${option}`), `${name} --${option}`);
  }
  for (const option of Object.keys(globalOptions)) assert.ok(reference.includes(`\`--${option}`), option);
  for (const code of Object.values(exitCodes)) assert.match(reference, new RegExp(`\\| ${code} \\|`));
});

Deno.test("docs/cli.md lists the fields of every record that --json prints, and no others", () => {
  const listed: Record<string, string[]> = {};
  const names = (cell: string) =>
    [...cell.replaceAll(/\([^)]*\)/g, "").split(":")[0].matchAll(/`([\w?-]+)`/g)].map(([, name]) => name);
  const [, table] = reference.split("| `type` | from | fields |\n");
  for (const row of table.split("\n\n")[0].split("\n").slice(1)) {
    const [, types, , fields] = row.split(/(?<!\\)\|/);
    for (const type of names(types)) listed[type] = names(fields);
  }
  assert.deepEqual(listed, recordFields);
});

Deno.test("helpText() of each command has its arguments, its options and an example", () => {
  for (const [name, { args, options = {}, examples }] of Object.entries(commands)) {
    const help = helpText(name);
    assert.ok(help.includes(`usage: qpq ${name}${args ? ` ${args}` : ""}`) && helpText().includes(name));
    for (const option of Object.keys(options)) assert.ok(help.includes(`--${option}`));
    assert.ok(examples.length > 0 && examples.every((example) => example.includes("qpq") && help.includes(example)));
  }
});

Deno.test("the launcher knows which options take a value", () => {
  const all = Object.assign(
    {},
    globalOptions,
    ...Object.values(commands).map(({ options = {} }) => options),
  ) as typeof globalOptions;
  assert.deepEqual(
    withValue.toSorted(),
    Object.entries(all).filter(([, { value }]) => value).map(([name]) => name).sort(),
  );
});

Deno.test("completionScript() names every command for each shell, and bash completes by it", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    for (const name of Object.keys(commands)) assert.ok(completionScript(shell).includes(name), `${shell}: ${name}`);
  }
  assert.throws(() => completionScript("csh"), /none of bash, zsh, fish/);
  const complete = async (...words: string[]) => {
    const script = `${completionScript("bash")}\nCOMP_WORDS=(${
      words.map((word) => `'${word}'`).join(" ")
    }); COMP_CWORD=${words.length - 1}; _qpq; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  assert.deepEqual(await complete("qpq", "re"), [
    "register",
    "recover",
    "recv",
    "reply",
    "react",
    "remove",
    "rename",
    "requests",
    "recovery-code",
  ]);
  assert.deepEqual(await complete("qpq", "recv", "--fo"), ["--follow"]);
  assert.deepEqual(await complete("qpq", "completion", "z"), ["zsh"]);
});

Deno.test("manualPage() has every command with its options, and troff reads no text as a command", () => {
  const page = manualPage("1.2.3");
  const known = /^\.(TH|SH|SS|TP|PP|B|nf|fi)( |$)/;
  for (const line of page.split("\n")) assert.ok(!/^[.']/.test(line) || known.test(line), line);
  for (const [name, { options = {} }] of Object.entries(commands)) {
    assert.ok(page.includes(`\n.SS ${name.replaceAll("-", "\\-")}`), name);
    for (const option of Object.keys(options)) assert.ok(page.includes(`--${option}`.replaceAll("-", "\\-")), option);
  }
});
