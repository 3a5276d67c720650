/** Reads what the test runners wrote down: how many tests passed and failed, and which failed. */

import { readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, failures?: string[] }} Counts */

/**
 * @param {string} file a JUnit report of `deno test`
 * @returns {Counts}
 */
export function junitCounts(file) {
  const text = readFileSync(file, "utf8");
  const counted = /<testsuites[^>]* tests="(\d+)"[^>]* failures="(\d+)"[^>]* errors="(\d+)"/.exec(text);
  if (!counted) throw new Error("the report has no counts");
  const [, tests, broken, errors] = counted;
  const failed = Number(broken) + Number(errors);
  const failing = text.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(?:failure|error) message="([^"]*)"/g,
  );
  return {
    passed: Number(tests) - failed,
    failed,
    failures: Array.from(
      failing,
      ([, name, file, message]) => unescapeXml(`${file} › ${name}: ${message.split("\n")[0]}`),
    ),
  };
}

function unescapeXml(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'")
    .replaceAll("&#10;", " ").replaceAll("&amp;", "&");
}

/**
 * @param {string} file a JSON report of Playwright
 * @returns {Counts} a test that passed at its second try has failed
 */
export function playwrightCounts(file) {
  const { stats: { expected, unexpected, flaky }, suites } = JSON.parse(readFileSync(file, "utf8"));
  return { passed: expected, failed: unexpected + flaky, failures: suites.flatMap(failedSpecs) };
}

function failedSpecs({ file, specs = [], suites = [] }) {
  return [...specs.filter(({ ok }) => !ok).map(({ title }) => `${file} › ${title}`), ...suites.flatMap(failedSpecs)];
}
