import assert from "node:assert/strict";
import * as $ from "capnp-es";
import * as authenticationWire from "../generated/authentication.ts";
import * as wire from "../generated/node.ts";
import { MalformedError } from "../malformed_error.ts";
import { readPlain, traversalLimit, writePlain } from "./plain.ts";

function reread<S extends $.Struct>(StructClass: $.StructCtor<S>, message: $.Message) {
  return readPlain(new $.Message(new Uint8Array(message.toArrayBuffer()), false).getRoot(StructClass));
}

Deno.test("readPlain() gives back what writePlain() wrote, and defaults for what it left out", () => {
  const message = new $.Message();
  writePlain(message.initRoot(authenticationWire.Vault), { version: 3, sealed: new Uint8Array([1, 2, 3]) });
  assert.deepEqual(reread(authenticationWire.Vault, message), {
    version: 3,
    sealed: new Uint8Array([1, 2, 3]),
    wrappedByPassword: new Uint8Array(),
    wrappedByRecovery: new Uint8Array(),
    recoveryKey: new Uint8Array(),
  });
});

Deno.test("readPlain() copies: changing the message afterwards changes nothing that was read", () => {
  const message = new $.Message();
  writePlain(message.initRoot(wire.Chunk), { bytes: new Uint8Array([7, 7, 7]) });
  const framed = new Uint8Array(message.toArrayBuffer());
  const { bytes } = readPlain(new $.Message(framed, false).getRoot(wire.Chunk));
  framed.fill(0);
  assert.deepEqual(bytes, new Uint8Array([7, 7, 7]));
  assert.equal(bytes.buffer.byteLength, 3);
});

Deno.test("writePlain() throws TypeError for a field that the struct does not have", () => {
  assert.throws(
    () => writePlain(new $.Message().initRoot(wire.Chunk), { byts: new Uint8Array(1) } as never),
    TypeError,
  );
});

Deno.test("readPlain() refuses integers above 2^53 − 1", () => {
  const message = new $.Message();
  message.initRoot(authenticationWire.Vault).version = 2n ** 53n;
  assert.throws(() => reread(authenticationWire.Vault, message), MalformedError);
});

Deno.test("readPlain() stops at the traversal limit when many pointers lead to the same bytes", () => {
  // 200 list elements that all point at one byte string of 4 KiB: 800 KiB unfolded from a message of under 6 KiB.
  const elements = 200;
  const shared = 4096;
  const [root, list] = [1, 3]; // word 0 is the segment table, 1 the root pointer, 2 the struct's one pointer
  const data = list + elements;
  const words = new DataView(new ArrayBuffer(8 * (data + shared / 8)));
  const listPointer = (at: number, target: number, elementSize: number, length: number) => {
    words.setUint32(8 * at, (((target - at - 1) << 2) | 1) >>> 0, true);
    words.setUint32(8 * at + 4, ((length << 3) | elementSize) >>> 0, true);
  };
  words.setUint32(4, words.byteLength / 8 - 1, true);
  words.setUint16(8 * root + 6, 1, true);
  listPointer(root + 1, list, 6, elements);
  for (let index = 0; index < elements; index++) listPointer(list + index, data, 2, shared);
  assert.ok(elements * shared > traversalLimit.bytes);
  const struct = new $.Message(new Uint8Array(words.buffer), false).getRoot(
    authenticationWire.AuthenticationService_LookupAccounts$Params,
  );
  assert.equal((struct.accountKeys.get(199) as $.Data).length, shared);
  assert.throws(() => readPlain(struct), MalformedError);
});

Deno.test("CONVERSATIONS: a struct of a writer that knew fewer fields reads as defaults, pointers too", () => {
  const message = new $.Message();
  // One pointer, as an older version would write it, where the class of today has four.
  writePlain(message.initRoot(wire.Chunk), { bytes: new Uint8Array([1, 2]) });
  assert.deepEqual(reread(authenticationWire.Vault, message), {
    version: 0,
    sealed: new Uint8Array([1, 2]),
    wrappedByPassword: new Uint8Array(),
    wrappedByRecovery: new Uint8Array(),
    recoveryKey: new Uint8Array(),
  });
});
