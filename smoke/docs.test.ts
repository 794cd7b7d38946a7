/** That the pages name what there is: refusals, smokes, commands. */
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { MPAC_ERROR_CODES } from "../src/wire/mpac/codes.ts";
import { REFUSALS } from "../src/wire/refusals.ts";
import { CAMPAIGNS } from "./soak/campaigns.ts";

const page = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), "utf8");

/** Of lanes, the blackboard, mail and sessions of MCP, which no message of MPAC asks for. */
const OF_OTHER_EDGES = /^(lane|board|mail|mcp)\//;

describe("the pages", () => {
  it("list every refusal with its MPAC code, and no other", async () => {
    const rows = [...(await page("docs/mpac.md")).matchAll(/^\| `([a-z]+\/[a-z-]+)` \| `([A-Z_]+)` \| (yes|no) \|/gm)];

    expect(rows.map(([, code, mpac, again]) => [code, mpac, again === "yes"])).toEqual(
      Object.entries(REFUSALS)
        .filter(([code]) => !OF_OTHER_EDGES.test(code))
        .map(([code, { mpac, retryable }]) => [code, mpac, retryable]),
    );
    for (const [, , mpac] of rows) expect(MPAC_ERROR_CODES).toContain(mpac);
  });

  it("list every smoke that there is", async () => {
    const text = await page("docs/smokes.md");
    const scripts = Object.keys(manifest.scripts).filter((name) => name.startsWith("smoke:"));
    const files = (await readdir(new URL(".", import.meta.url))).filter((name) => name.endsWith(".test.ts") && name !== "smokes.test.ts");

    expect(scripts.length).toBeGreaterThanOrEqual(5);
    expect(
      [...scripts.map((name) => `npm run ${name}`), ...files.map((name) => `smoke/${name}`)].filter((name) => !text.includes(name)),
    ).toEqual([]);
  });

  it("list every campaign, each with a row", async () => {
    const rows = [...(await page("docs/smokes.md")).matchAll(/^\| `([a-z]+)` \|/gm)];

    expect(new Set(rows.map(([, name]) => name))).toEqual(new Set(Object.keys(CAMPAIGNS)));
  });

  it("keep the front page under 200 lines, with its two commands", async () => {
    const text = await page("README.md");

    expect(text.split("\n").length).toBeLessThan(200);
    expect(text).toContain("\nnpm ci && npm run build && node dist/bin/signalbox.js demo\n");
    expect(text).toContain("\nnpm ci && npm test\n");
  });

  it("lead to files and headings that there are", async () => {
    const root = new URL("../", import.meta.url);
    const under = async (folder: string) => (await readdir(new URL(folder, root), { recursive: true })).map((name) => `${folder}${name}`);
    const pages = [...(await readdir(root)), ...(await under("docs/")), ...(await under("deploy/"))].filter((name) => name.endsWith(".md"));
    const anchorsIn = (text: string): string[] =>
      Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, "")
          .replaceAll(" ", "-"),
      );

    const broken: string[] = [];
    for (const name of pages) {
      for (const [, path = "", anchor] of (await page(name)).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g)) {
        const target = path === "" ? name : relative(fileURLToPath(root), join(dirname(fileURLToPath(new URL(name, root))), path));
        const isThere = await stat(new URL(target, root)).then(
          () => true,
          () => false,
        );
        if (!isThere || (anchor !== undefined && !anchorsIn(await page(target)).includes(anchor)))
          broken.push(`${name}: ${path}#${anchor ?? ""}`);
      }
    }

    expect(pages.length).toBeGreaterThan(30);
    expect(broken).toEqual([]);
  });

  it("list every decision", async () => {
    const index = await page("docs/decisions/README.md");
    const records = (await readdir(new URL("../docs/decisions/", import.meta.url))).filter((name) => /^\d{4}-/.test(name));

    expect(records.filter((name) => !index.includes(name))).toEqual([]);
  });
});
