/** The methods of both services with their parameter and result types, taken from the generated code. */

import type * as $ from "capnp-es";
import * as authenticationWire from "../generated/authentication.ts";
import * as deliveryWire from "../generated/delivery.ts";
import type { PlainStruct, StructClass } from "./plain.ts";

/** One method: its ids and struct classes at run time, its plain parameter and result types for the compiler. */
export interface Method<P = unknown, R = unknown> {
  readonly name: string;
  readonly service: "AuthenticationService" | "DeliveryService";
  readonly interfaceId: bigint;
  readonly methodId: number;
  readonly ParamsClass: StructClass;
  readonly ResultsClass: StructClass;
  /** Types only, never set. */
  readonly types?: { params: P; results: R };
}

export type ParamsOf<M> = M extends Method<infer P, infer _R> ? P : never;
export type ResultsOf<M> = M extends Method<infer _P, infer R> ? R : never;

// The generated "target" interfaces name every method with its two struct classes: (params: P, results: R) =>
// Promise<void>.
type MethodsOf<T> = {
  readonly [K in keyof T]: T[K] extends
    (params: infer P extends $.Struct, results: infer R extends $.Struct) => Promise<void>
    ? Method<PlainStruct<P>, PlainStruct<R>>
    : never;
};

type GeneratedMethod = {
  // deno-lint-ignore no-explicit-any
  ParamsClass: any;
  // deno-lint-ignore no-explicit-any
  ResultsClass: any;
  interfaceId: bigint;
  methodId: number;
  methodName?: string;
};

function methodsOf<T>(service: Method["service"], generated: readonly GeneratedMethod[]): MethodsOf<T> {
  const entries = generated.map((method) => {
    const name = method.methodName!.split(".").at(-1)!;
    const { interfaceId, methodId, ParamsClass, ResultsClass } = method;
    return [name, { name, service, interfaceId, methodId, ParamsClass, ResultsClass }];
  });
  return Object.fromEntries(entries) as MethodsOf<T>;
}

/** OPAQUE, sessions, devices, KeyPackages, vault, directory. */
export const authentication = methodsOf<authenticationWire.AuthenticationService$Server$Target>(
  "AuthenticationService",
  authenticationWire.AuthenticationService$Client.methods,
);

/** Queues, channels, blobs, health. */
export const delivery = methodsOf<deliveryWire.DeliveryService$Server$Target>(
  "DeliveryService",
  deliveryWire.DeliveryService$Client.methods,
);

const all: Method[] = [...Object.values(authentication), ...Object.values(delivery)] as Method[];
const byIds = new Map(all.map((method) => [`${method.interfaceId}:${method.methodId}`, method]));

/** @returns the method with these ids, or undefined */
export function findMethod(interfaceId: bigint | number, methodId: number): Method | undefined {
  return byIds.get(`${interfaceId}:${methodId}`);
}

const withBody = new Set<Method>([delivery.commit, delivery.putBlob, delivery.putBlobPart] as Method[]);

/** @returns whether Chunks follow a call of this method */
export function hasBody(method: Method): boolean {
  return withBody.has(method);
}

export { EntryKind } from "../generated/delivery.ts";
export type Entry = PlainStruct<deliveryWire.Entry>;
export type Account = PlainStruct<authenticationWire.Account>;
export type Vault = PlainStruct<authenticationWire.Vault>;
export type DeviceProof = PlainStruct<authenticationWire.DeviceProof>;
