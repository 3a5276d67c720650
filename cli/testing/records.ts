/** Checks records of `--json` against their documented fields. */

import assert from "node:assert/strict";
import { recordFields, type RecordType } from "../records.ts";

/**
 * @param line one JSON object
 * @returns its type
 * @throws AssertionError when the record has an undocumented field, or lacks one
 */
export function checkRecord(line: string): RecordType {
  const { type, ...fields } = JSON.parse(line) as { type: RecordType };
  const promised =
    (recordFields[type] ?? assert.fail(`no record of this type is promised: ${line}`)) as readonly string[];
  const names = Object.keys(fields);
  for (const name of promised.filter((name) => !name.endsWith("?"))) {
    assert.ok(names.includes(name), `${name} is missing: ${line}`);
  }
  for (const name of names) {
    assert.ok(promised.includes(name) || promised.includes(`${name}?`), `${name} is not promised: ${line}`);
  }
  return type;
}
