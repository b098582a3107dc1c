/** How much script a browser must load before it shows the first page, held to a budget when the app is built. */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export const BUDGET_BYTES = 300_000;

export function firstLoadBudget(): Plugin {
  return {
    name: "first-load-budget",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = new Map(
        Object.values(bundle).flatMap((part) => (part.type === "chunk" ? [[part.fileName, part]] : [])),
      );
      const needed = new Set<string>();
      const add = (name: string) => {
        if (needed.has(name)) return;
        needed.add(name);
        chunks.get(name)?.imports.forEach(add);
      };
      for (const chunk of chunks.values()) if (chunk.isEntry) add(chunk.fileName);
      const bytes = [...needed].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? "").length, 0);
      this.info(
        `first load: ${(bytes / 1000).toFixed(0)} kB of script compressed, of ${BUDGET_BYTES / 1000} kB allowed`,
      );
      if (bytes > BUDGET_BYTES)
        this.error(`The first page needs ${bytes} bytes of script compressed; load what it does not show lazily.`);
    },
  };
}
