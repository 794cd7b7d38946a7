/**
 * `dist/LICENSES.txt`: the licences of the packages whose code the bundles hold. Each wants to be handed on with every copy of that
 * code, and what npm installs beside us is another copy.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|notice)(\.(md|txt))?$/i;

/** The folder of the package that a bundled file lies in. */
const packageOf = (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];

/**
 * @param {string} root - what the inputs are relative to
 * @param {readonly string[]} inputs - files that were bundled, as esbuild names them
 * @throws where a package has no licence beside it: nobody may copy that
 */
export async function licensesOf(root, inputs) {
  const folders = [...new Set(inputs.map(packageOf))].filter((folder) => folder !== undefined).sort();
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
      const files = (await readdir(join(root, folder))).filter((file) => LICENCE.test(file)).sort();
      if (files.length === 0) throw new Error(`${name} ${version} (${license}) is bundled and has no licence beside it`);
      const said = await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")));
      return `${name} ${version}\n\n${said.map((text) => text.trim()).join("\n\n")}\n`;
    }),
  );
  return `Code of these packages is part of the bundled files in this folder.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
