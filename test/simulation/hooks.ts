// Loads product code as it stands, but for one library and, where asked to, one mutant.
import { registerHooks } from "node:module";

/** A source patch that breaks the product: `find` stands exactly once in `file`. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const root = new URL("../../", import.meta.url).href;
const ed25519 = new URL("native-ed25519.ts", import.meta.url).href;

/** To be called before any product code is imported. */
export function install(patches: readonly Patch[] = []): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "@noble/ed25519"
        ? { url: ed25519, format: "module-typescript", shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => {
      const loaded = next(url, context);
      const ours = patches.filter(({ file }) => url === root + file);
      if (ours.length === 0) return loaded;
      return { ...loaded, source: ours.reduce(patched, new TextDecoder().decode(loaded.source as Uint8Array)) };
    },
  });
}

function patched(source: string, { file, find, replace }: Patch): string {
  const found = source.split(find).length - 1;
  if (found !== 1) throw new Error(`patching "${file}": found ${found} times, wanted once: "${find}"`);
  return source.replace(find, () => replace);
}
