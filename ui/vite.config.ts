import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstLoadBudget } from "./first-load.ts";

const server = process.env["FACIES_SERVER"] ?? "http://localhost:5001";
const ofTheServer = ["/api", "/V1", "/predict", "/job/", "/openapi.json", "/livez"];

export default defineConfig({
  plugins: [react(), firstLoadBudget()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/facies/web/ui",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: "manifest.json",
  },
  worker: { format: "es" },
  server: { proxy: Object.fromEntries(ofTheServer.map((path) => [path, { target: server }])) },
  // A document takes a second a file to make; the few tests that need one say `@vitest-environment jsdom`.
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
