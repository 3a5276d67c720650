/**
 * The files of a caller of `exec`: read and written by the caller, piece by piece over the socket. So the daemon needs
 * no permission for them, and its folder does not matter.
 */

import { JSONRPCErrorException } from "json-rpc-2.0";
import type { Bytes } from "../../schema/bytes.ts";
import type { CallerFiles, Naming, NewFile, ReadFile } from "../caller_files.ts";
import { wrongUsage } from "../failure.ts";
import type { Method, Peer } from "./peer.ts";
import { failureOfRpc } from "./rpc_errors.ts";

/** Bytes of a file in one line, before they are text: well below the bound of a line. */
const pieceBytes = 262_144;

/** @returns the files of the other side, which answers {@link fileMethods} */
export function filesOfCaller(peer: Peer): CallerFiles {
  const ask = async <T>(method: string, params: object): Promise<T> => {
    try {
      return await peer.request(`file.${method}`, params) as T;
    } catch (error) {
      throw error instanceof JSONRPCErrorException ? failureOfRpc(error) : error;
    }
  };
  return {
    open: async (path, naming) => {
      const { file, size } = await ask<{ file: number; size: number }>("open", { path, naming });
      return { size, stream: () => streamOf((isFirst) => ask<string>("read", { file, isFirst })) };
    },
    isFolder: (path) => ask<boolean>("isFolder", { path }),
    create: async (path, naming) => {
      const { file } = await ask<{ file: number }>("create", { path, naming });
      return {
        write: async (bytes) => {
          for (let at = 0; at < bytes.length; at += pieceBytes) {
            const data = Uint8Array.from(bytes.subarray(at, at + pieceBytes)).toBase64();
            await ask("write", { file, data });
          }
        },
        finish: async () => void await ask("finish", { file }),
        // The caller may have gone; then its process has dropped the file.
        drop: async () => void await ask("drop", { file }).catch(() => {}),
      };
    },
  };
}

/** @param next asks for the next piece in base64, "" at the end */
function streamOf(next: (isFirst: boolean) => Promise<string>): ReadableStream<Bytes> {
  let isFirst = true;
  return new ReadableStream<Bytes>({
    pull: async (controller) => {
      const piece = Uint8Array.fromBase64(await next(isFirst));
      isFirst = false;
      if (piece.length > 0) controller.enqueue(piece);
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

/** @returns the methods by which a caller serves its files; `end` drops those that were not finished */
export function fileMethods(files: CallerFiles): { methods: Record<string, Method>; end: () => Promise<void> } {
  const read = new Map<number, { file: ReadFile; reader?: AsyncGenerator<Uint8Array> }>();
  const made = new Map<number, NewFile>();
  let count = 0;
  const fileOf = <T>(from: Map<number, T>, file: unknown): T => {
    const found = from.get(file as number);
    if (!found) throw wrongUsage("there is no such file");
    return found;
  };
  const of = (params: unknown) =>
    params as { path: string; naming: Naming; file: number; isFirst: boolean; data: string };
  const methods: Record<string, Method> = {
    "file.open": async (params) => {
      const { path, naming } = of(params);
      const file = await files.open(path, naming);
      read.set(++count, { file });
      return { file: count, size: file.size };
    },
    "file.read": async (params) => {
      const { file, isFirst } = of(params);
      const entry = fileOf(read, file);
      if (isFirst || !entry.reader) {
        await entry.reader?.return(undefined);
        entry.reader = piecesOf(entry.file.stream());
      }
      const { value } = await entry.reader.next();
      return value?.toBase64() ?? "";
    },
    "file.isFolder": (params) => files.isFolder(of(params).path),
    "file.create": async (params) => {
      const { path, naming } = of(params);
      made.set(++count, await files.create(path, naming));
      return { file: count };
    },
    "file.write": async (params) => {
      const { file, data } = of(params);
      await fileOf(made, file).write(Uint8Array.fromBase64(data));
      return null;
    },
    "file.finish": async (params) => {
      const { file } = of(params);
      await fileOf(made, file).finish();
      made.delete(file);
      return null;
    },
    "file.drop": async (params) => {
      const { file } = of(params);
      await fileOf(made, file).drop();
      made.delete(file);
      return null;
    },
  };
  return {
    methods,
    end: async () => void await Promise.all([...made.values()].map((file) => file.drop())),
  };
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
}
