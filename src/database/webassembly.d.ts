// The part of the WebAssembly API that migrate.ts uses: TypeScript has it only among the browser's types.
declare namespace WebAssembly {
  type Imports = Record<string, object>;
  function instantiate(
    bytes: Uint8Array,
    imports: Imports,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
}
