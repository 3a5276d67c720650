/** Serves the methods of the table: reads their parameters, runs the command and answers its records. */

import { wrongUsage } from "../failure.ts";
import type { OutputRecord } from "../records.ts";
import type { Holder, Wanted } from "./holder.ts";
import { type MethodRow, methodTable, type Place } from "./method_table.ts";
import type { Method } from "./peer.ts";
import { FailedAfter } from "./rpc_errors.ts";

/** @returns the methods of the table, on what the daemon holds */
export function commandMethods(holder: Holder): Record<string, Method> {
  return Object.fromEntries(
    Object.entries(methodTable).map(([name, row]) => [name, (params) => serve(holder, name, row, params)]),
  );
}

async function serve(holder: Holder, name: string, row: MethodRow, params: unknown): Promise<unknown> {
  const { wanted, input, within } = readCall(name, row, params);
  const records: OutputRecord[] = [];
  // What was begun is done and answered, also where its caller sends nothing more.
  const whole = new AbortController().signal;
  try {
    await holder.run(wanted, {
      output: {
        line: async (_, record) => void records.push(record),
        write: () => Promise.resolve(),
        note: () => {},
        progress: () => {},
      },
      input: () => Promise.resolve(input ?? ""),
      files: holder.files,
      ...(within !== undefined && { within }),
      interrupted: whole,
      ended: whole,
    });
  } catch (error) {
    throw records.length > 0 ? new FailedAfter(records.at(-1)!, error) : error;
  }
  return row.isList ? records : records.at(-1) ?? null;
}

/** @param params by name, or by place in the order of the table */
function readCall(name: string, { command, params: places }: MethodRow, params: unknown) {
  const given = namedParams(name, Object.keys(places).map(bare), params);
  const wanted: Wanted = { command, args: [], options: {} };
  let input: string | undefined;
  let within: string | undefined;
  for (const [param, place] of Object.entries(places)) {
    const value = given[bare(param)];
    if (value === undefined || value === null) {
      if (param.endsWith("?")) continue;
      throw wrongUsage(`${name}: ${param} is missing`);
    }
    const wrong = (what: string) => wrongUsage(`${name}: ${bare(param)} is ${what}`);
    if (place === "arguments") {
      if (!Array.isArray(value) || !value.every(isText)) throw wrong("a list of texts");
      wanted.args.push(...value.map(String));
    } else if (place.startsWith("switch ")) {
      if (typeof value !== "boolean") throw wrong("true or false");
      if (value) wanted.options[optionOf(place)] = true;
    } else if (!isText(value)) throw wrong("a text");
    else if (place === "argument") {
      // It stands for standard input on a command line, and a call has none.
      if (value === "-") throw wrong("no name");
      wanted.args.push(String(value));
    } else if (place === "input") {
      wanted.args.push("-");
      input = String(value);
    } else if (place === "within") within = String(value);
    else wanted.options[optionOf(place)] = String(value);
  }
  return { wanted, input, within };
}

function namedParams(name: string, names: string[], params: unknown): Record<string, unknown> {
  if (params === undefined || params === null) return {};
  if (typeof params !== "object") throw wrongUsage(`${name}: params are an object or a list`);
  const given = Array.isArray(params)
    ? Object.fromEntries(params.map((value, index) => [names[index] ?? `parameter ${index + 1}`, value]))
    : params as Record<string, unknown>;
  const unknown = Object.keys(given).find((param) => !names.includes(param));
  if (unknown !== undefined) {
    throw wrongUsage(`${name}: there is no ${unknown}: it takes ${names.join(", ") || "nothing"}`);
  }
  return given;
}

/** Numbers are taken as they are written: the option 2 of a poll. */
const isText = (value: unknown) => typeof value === "string" || typeof value === "number";
const bare = (param: string) => param.replace(/\?$/, "");
const optionOf = (place: Place) => place.split(" ")[1];
