/** The type of a file's text, by what its name ends with: only those that are registered and of which a host may make something. */
const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    css: "text/css",
    csv: "text/csv",
    html: "text/html",
    js: "text/javascript",
    mjs: "text/javascript",
    json: "application/json",
    md: "text/markdown",
    svg: "image/svg+xml",
    toml: "application/toml",
    xml: "application/xml",
    yaml: "application/yaml",
    yml: "application/yaml",
  }),
);

export function mimeTypeOf(path: string): string {
  const [, ending = ""] = /\.([a-z]+)$/i.exec(path) ?? [];
  return TYPES.get(ending.toLowerCase()) ?? "text/plain";
}
