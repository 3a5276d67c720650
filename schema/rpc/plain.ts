/**
 * Cap'n Proto structs as plain objects, both ways.
 *
 * The generated classes read lazily from the message, grow it while reading, and give views into it. Domain
 * code should meet none of that: a message is read once, whole, into plain data with copies of its byte
 * strings, within a budget of bytes and elements (the traversal limit that capnp-es lacks: one segment's
 * bytes can be pointed at many times).
 */

import * as $ from "capnp-es";
import type { Bytes } from "../bytes.ts";
import { MalformedError } from "../malformed_error.ts";

/**
 * What a field of a generated class is as plain data: UInt64 and Int64 as number (refused above 2^53 − 1),
 * Data as Uint8Array, lists as arrays.
 */
export type Plain<V> = V extends bigint ? number
  : V extends string | number | boolean | undefined ? V
  : V extends $.Data ? Bytes
  : V extends $.List<infer E> ? Plain<E>[]
  : V extends $.Struct ? PlainStruct<V>
  : never;

/** A generated class as a plain object: its fields, without accessors of the library. */
export type PlainStruct<S extends $.Struct> = {
  [K in Exclude<keyof S, keyof $.Struct | `_${string}` | "which">]: Plain<S[K]>;
};

/** A generated struct class. */
// deno-lint-ignore no-explicit-any
export type StructClass<S extends $.Struct = any> = $.StructCtor<S>;

/** The most that one message may unfold to: bytes of Data and Text, and list elements. */
export const traversalLimit = { bytes: 512 * 1024, elements: 16_384, depth: 8 };

interface Budget {
  bytes: number;
  elements: number;
}

const fieldNames = new Map<unknown, string[]>();

/** The fields of a generated class are the getters of its prototype whose names do not start with an underscore. */
function fieldsOf(struct: $.Struct): string[] {
  const prototype = Object.getPrototypeOf(struct);
  let names = fieldNames.get(prototype);
  if (!names) {
    names = Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([name, descriptor]) => descriptor.get && !name.startsWith("_"))
      .map(([name]) => name);
    fieldNames.set(prototype, names);
  }
  return names;
}

/**
 * Reads a whole struct. A shorter struct of an older writer reads as defaults, as Cap'n Proto asks.
 *
 * @throws MalformedError over the traversal limit, for integers above 2^53 − 1, and for pointers that lead
 *   outside of the message
 */
export function readPlain<S extends $.Struct>(struct: S): PlainStruct<S> {
  try {
    return readStruct(
      struct,
      { bytes: traversalLimit.bytes, elements: traversalLimit.elements },
      traversalLimit.depth,
    ) as PlainStruct<S>;
  } catch (error) {
    // Hostile bytes make capnp-es throw RangeError and several errors of its own; all of them are the
    // sender's fault here.
    throw error instanceof MalformedError
      ? error
      : new MalformedError(`not a valid message: ${(error as Error).message}`);
  }
}

function readStruct(struct: $.Struct, budget: Budget, depth: number): Record<string, unknown> {
  if (depth === 0) throw new MalformedError("nested too deeply");
  const plain: Record<string, unknown> = {};
  for (const name of fieldsOf(struct)) {
    plain[name] = readValue(fieldOf(struct, name), budget, depth);
  }
  return plain;
}

/** Where the writer knew fewer pointers, capnp-es gives no default, as it does of data: it throws CAPNP-TS021. */
function fieldOf(struct: $.Struct, name: string): unknown {
  try {
    return (struct as unknown as Record<string, unknown>)[name];
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("CAPNP-TS021"))) throw error;
    const empty = new $.Message().initRoot(struct.constructor as StructClass);
    return (empty as Record<string, unknown>)[name];
  }
}

function readValue(value: unknown, budget: Budget, depth: number): unknown {
  if (typeof value === "bigint") {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedError("an integer above 2^53 − 1");
    return Number(value);
  }
  if (typeof value === "string") {
    spend(budget, "bytes", value.length);
    return value;
  }
  if (value instanceof $.Data) {
    const length = value.length;
    spend(budget, "bytes", length);
    return length === 0 ? new Uint8Array() : new Uint8Array(value.toUint8Array());
  }
  if (value instanceof $.List) {
    const length = value.length;
    spend(budget, "elements", length);
    return Array.from({ length }, (_, index) => readValue(value.get(index), budget, depth - 1));
  }
  if (value instanceof $.Struct) return readStruct(value, budget, depth - 1);
  return value;
}

function spend(budget: Budget, kind: keyof Budget, amount: number): void {
  budget[kind] -= amount;
  if (budget[kind] < 0) throw new MalformedError("over the traversal limit");
}

/**
 * Writes plain fields into a fresh struct. Fields that `plain` lacks keep their defaults.
 *
 * @throws TypeError for a field that the struct does not have: a bug of the caller
 */
export function writePlain<S extends $.Struct>(struct: S, plain: Partial<PlainStruct<S>>): void {
  const names = fieldsOf(struct);
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined) continue;
    if (!names.includes(name)) throw new TypeError(`no field ${name} in ${struct.constructor.name}`);
    writeField(struct as unknown as Record<string, unknown>, name, value);
  }
}

function writeField(struct: Record<string, unknown>, name: string, value: unknown): void {
  const init = struct[`_init${name[0].toUpperCase()}${name.slice(1)}`] as ((length?: number) => unknown) | undefined;
  if (value instanceof Uint8Array) {
    if (value.length > 0) (init!.call(struct, value.length) as $.Data).copyBuffer(value);
  } else if (Array.isArray(value)) {
    const list = init!.call(struct, value.length) as $.List<unknown>;
    value.forEach((element, index) => writeElement(list, index, element));
  } else if (typeof value === "object") {
    writePlain(init!.call(struct) as $.Struct, value as object);
  } else {
    struct[name] = typeof value === "number" && typeof struct[name] === "bigint" ? BigInt(value) : value;
  }
}

function writeElement(list: $.List<unknown>, index: number, element: unknown): void {
  if (element instanceof Uint8Array) list.set(index, dataOf(element));
  else if (typeof element === "object") writePlain(list.get(index) as $.Struct, element as object);
  else list.set(index, typeof element === "number" && list instanceof $.Uint64List ? BigInt(element) : element);
}

/** capnp-es can not size a byte string inside of a list in place, only copy one there. */
function dataOf(bytes: Uint8Array): $.Data {
  const list = new $.Message().initRoot(DataHolder)._initBytes(bytes.length);
  list.copyBuffer(bytes);
  return list;
}

class DataHolder extends $.Struct {
  static readonly _capnp = { displayName: "DataHolder", id: "0", size: new $.ObjectSize(0, 1) };
  _initBytes(length: number): $.Data {
    return $.utils.initData(0, length, this);
  }
}
