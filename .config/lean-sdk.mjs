/**
 * Leaves out of a bundle what the MCP SDK makes at its start and no server of ours uses: a JSON Schema validator for what a host
 * would be asked for, which the tools check themselves, and a schema for each type of the protocol, which cost half of the time
 * until a bridge answers.
 *
 * The SDK is pinned to one version. Where one of its files is not as expected here the bundle is not made.
 */
import { readFile } from "node:fs/promises";

/** The one place where every schema is named, for callers who want to check any type of the protocol by its name. */
const REGISTRATIONS = [
  "for (const key of SPEC_SCHEMA_KEYS) register(key, schemas_exports[key]);",
  "for (const [key, schema] of Object.entries(authSchemas)) register(key, schema);",
];

/** What the SDK takes from its surroundings on Node, with a validator that is told when it is missed. */
const SURROUNDINGS = `
  export { default as process } from "node:process";
  export class DefaultJsonSchemaValidator {
    getValidator() {
      throw new Error("this bundle has no JSON Schema validator; see .config/lean-sdk.mjs");
    }
  }`;

/** `const NameSchema = …;`, over as many lines as it has: lines of its inside begin with a tab. */
const SCHEMA = /^const (\w+Schema) = (.*;|[^\n]*\n(?:\t[^\n]*\n)*[^\t\n][^\n]*;)$/gm;

export const leanSdk = {
  name: "lean-sdk",
  setup(bundler) {
    bundler.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, () => ({ path: "surroundings", namespace: "lean-sdk" }));
    bundler.onLoad({ filter: /.*/, namespace: "lean-sdk" }, () => ({ contents: SURROUNDINGS, loader: "js" }));

    bundler.onLoad({ filter: /@modelcontextprotocol[\\/]server[\\/]dist[\\/]src-[^\\/]*\.mjs$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const line of REGISTRATIONS) {
        if (!contents.includes(line)) throw new Error(`${path} does not say ${JSON.stringify(line)} any more`);
        contents = contents.replace(line, "");
      }
      return { contents, loader: "js" };
    });

    // A schema that is made by a function without effects is dropped by the bundler when nobody names it.
    bundler.onLoad({ filter: /@modelcontextprotocol[\\/]core[\\/]dist[\\/](schemas|auth)-[^\\/]*\.mjs$/ }, async ({ path }) => {
      let marked = 0;
      const contents = (await readFile(path, "utf8")).replace(SCHEMA, (_statement, name, value) => {
        marked += 1;
        return `const ${name} = /* @__PURE__ */ (() => ${value.slice(0, -1)})();`;
      });
      if (marked < 10) throw new Error(`${path} holds ${marked} schemas in the form that is known here`);
      return { contents, loader: "js" };
    });
  },
};
