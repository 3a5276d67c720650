/**
 * Which files the app's modules go into. Each file costs a way through the service worker, one after another where
 * there are many, so what always comes together is one file: the first screen, and the chats.
 */

interface ModuleGraph {
  getModuleInfo(id: string): { importedIds: string[] } | null;
}

/** @returns the modules that come with one, itself among them: all static imports, not those of `import()` */
function modulesWith(entry: string, graph: ModuleGraph): Set<string> {
  const found = new Set([entry]);
  for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}

interface ChunkGroup {
  name: (id: string, graph: ModuleGraph) => string | null;
  priority: number;
}

/**
 * @param screens a file's name and the module (absolute path) of each screen, in the order in which they are loaded: a
 *   module that several have goes into the first one's file
 * @returns what rolldown's `output.codeSplitting` takes
 */
export function screenChunks(screens: [name: string, entry: string][]): { groups: ChunkGroup[] } {
  return {
    groups: screens.map(([name, entry], index) => {
      let modules: Set<string> | undefined;
      return {
        name: (id, graph) => (modules ??= modulesWith(entry, graph)).has(id) ? name : null,
        priority: screens.length - index,
      };
    }),
  };
}
