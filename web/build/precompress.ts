/**
 * Writes a `.br` and a `.gz` beside every text file of the build, so that the gateway never compresses while
 * it serves.
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(html|js|css|svg|json|webmanifest|wasm)$/;
/** A smaller file's compressed copy saves less than its response header costs. */
const smallestBytes = 512;

async function precompressFile(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < smallestBytes) return;
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
}

/** @param outDir absolute path of the finished build */
export function precompress(outDir: string): Plugin {
  return {
    name: "qpq-precompress",
    apply: "build",
    enforce: "post",
    closeBundle: {
      // After the service worker was written, because it is compressed too.
      order: "post",
      sequential: true,
      async handler() {
        const files = (await readdir(outDir, { recursive: true })).filter((name) => compressible.test(name));
        await Promise.all(files.map((name) => precompressFile(`${outDir}/${name}`)));
      },
    },
  };
}
