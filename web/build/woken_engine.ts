/**
 * Builds the worker that is woken (web/woken/): one classic script. Service workers load no module later, and not all
 * browsers take modules as service workers at all.
 */

import { build, type InlineConfig, type Plugin } from "vite";

/** What the worker never does comes in none of its versions: these are loaded by `import()` where they are needed. */
const absent = /\/(search\/search|data_export|password_strength|opaque_client|file_hash)\.ts$/;
const absentId = "\0qpq-absent";

/** @param config what both builds share @param outDir absolute path */
export function wokenEngine(entry: string, outDir: string, config: Pick<InlineConfig, "resolve" | "root">): Plugin {
  return {
    name: "qpq-woken-engine",
    apply: "build",
    closeBundle: {
      // Before the precache is listed, which leaves it out, and before all is compressed.
      order: "pre",
      sequential: true,
      async handler() {
        await build({
          ...config,
          configFile: false,
          publicDir: false,
          logLevel: "warn",
          plugins: [withoutAbsent],
          build: {
            outDir,
            emptyOutDir: false,
            target: "es2022",
            modulePreload: false,
            reportCompressedSize: false,
            // It is one file, and read from the disk.
            chunkSizeWarningLimit: 1_000,
            rolldownOptions: {
              input: entry,
              // Vite's own help for `import()` asks for it, and nothing calls that help.
              transform: { define: { "import.meta": "{}" } },
              output: { format: "iife", entryFileNames: "woken.js", codeSplitting: false },
            },
          },
        });
      },
    },
  };
}

const withoutAbsent: Plugin = {
  name: "qpq-absent",
  enforce: "pre",
  async resolveId(source, importer, options) {
    if (!importer || !source.startsWith(".")) return null;
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    return found && absent.test(found.id) ? absentId : null;
  },
  load: (id) => (id === absentId ? "export {};" : null),
};
