import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { promptDefinitions, PROMPTS } from "../../../tools/prompts.ts";
import { REGISTRY } from "../../../tools/registry.ts";
import { RESOURCES } from "../../../tools/resources.ts";
import { toolDefinitions } from "../../../tools/tool-definitions.ts";
import { VERSION } from "../../../version.ts";
import { REFUSALS } from "../../../wire/refusals.ts";
import { docsRoutes } from "./docs-routes.ts";
import { type Block, code, heading, paragraph, pieces, table } from "./blocks.ts";
import { TOOL_CODES } from "./errors.ts";
import { htmlPage } from "./page.ts";
import { markdownPage, toolsPage } from "./markdown.test.fixture.ts";
import { PROTOCOL_VERSIONS, referenceBlocks } from "./reference.ts";

const quiet = { warn: () => undefined };
const asked = (path: string, init?: RequestInit, options: Partial<Parameters<typeof docsRoutes>[0]> = {}) =>
  docsRoutes({ log: quiet, ...options }).request(`http://127.0.0.1:7000${path}`, init);

describe("docs.json", () => {
  it("has every tool with its profile, every resource, template and prompt, and which server this is", async () => {
    const answer = await asked("/mcp/docs.json");
    const body = (await answer.json()) as Record<string, unknown[]>;

    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(body["server"]).toMatchObject({
      name: "signalbox",
      version: VERSION,
      protocolVersions: PROTOCOL_VERSIONS,
      endpoint: "/mcp",
      docsUrl: "/mcp/docs",
    });
    expect(body["tools"]).toEqual(toolDefinitions(REGISTRY).map((tool, i) => ({ ...tool, profile: REGISTRY[i]?.profile })));
    const addresses = [...(body["resources"] ?? []), ...(body["resourceTemplates"] ?? [])] as { uri?: string; uriTemplate?: string }[];
    expect(new Set(addresses.map((one) => one.uri ?? one.uriTemplate))).toEqual(new Set(RESOURCES.map(({ uri }) => uri)));
    expect(body["resourceTemplates"]).toHaveLength(2);
    expect(body["prompts"]).toEqual(promptDefinitions(PROMPTS));
  });

  it("names every revision that is spoken, the newest first", () => {
    expect(PROTOCOL_VERSIONS.slice(0, 3)).toEqual(["2026-07-28", "2025-11-25", "2025-06-18"]);
    expect(PROTOCOL_VERSIONS).toEqual([...new Set(PROTOCOL_VERSIONS)].toSorted().toReversed());
  });

  it("is that of the session under whose address it is asked for", async () => {
    const text = await (await asked("/session/team/mcp/docs.json")).text();
    const body = JSON.parse(text) as { server: object };

    expect(text).not.toContain("signalbox.invalid");
    expect(body.server).toMatchObject({ endpoint: "/session/team/mcp", docsUrl: "/session/team/mcp/docs" });
  });
});

describe("the page", () => {
  it("needs no credential and no script, loads nothing, and may be kept for a while", async () => {
    const answer = await asked("/mcp/docs");
    const html = await answer.text();
    const policy = answer.headers.get("content-security-policy") ?? "";
    const [, style = ""] = /<style>([^<]*)<\/style>/.exec(html) ?? [];

    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(html).not.toMatch(/<script|<img|<link|\son\w+=|\sstyle=|src=/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
    expect(html).toContain("prefers-color-scheme: dark");
    expect(Buffer.byteLength(html)).toBeLessThan(100_000);
  });

  it("has the endpoint, sign-in, versions, a start for each client, and everything that there is", async () => {
    const html = await (await asked("/mcp/docs")).text();

    for (const part of [
      "Endpoint",
      "Signing in",
      "Protocol versions",
      "Quick start",
      "Profiles",
      "Tools",
      "Resources",
      "Prompts",
      "Errors",
    ])
      expect(html).toMatch(new RegExp(`<h2 id="[^"]+">${part}`));
    for (const client of ["Claude Code", "Codex", "Cursor", "VS Code", "Gemini CLI"]) expect(html).toContain(`>${client}</h3>`);
    for (const { name } of [...REGISTRY, ...PROMPTS]) expect(html).toContain(`<code>${name}</code>`);
    for (const { uri } of RESOURCES) expect(html).toContain(`<code>${uri}</code>`);
    for (const version of PROTOCOL_VERSIONS) expect(html).toContain(version);
    expect(html).toContain("http://127.0.0.1:7000/mcp&quot;");
    expect(html).not.toContain("signalbox.invalid");
  });

  it("links to each part that it has", async () => {
    const html = await (await asked("/mcp/docs")).text();
    const ids = Array.from(html.matchAll(/ id="([^"]+)"/g), ([, id]) => id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(Array.from(html.matchAll(/href="#([^"]+)"/g), ([, id]) => id).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("is public under the address that the public knows", async () => {
    const options = { publicUrl: "https://hub.example.org/box" };
    const html = await (await asked("/session/team/mcp/docs", {}, options)).text();
    const json: unknown = await (await asked("/mcp/docs.json", {}, options)).json();

    expect(html).toContain("https://hub.example.org/box/session/team/mcp&quot;");
    expect(html).not.toContain("127.0.0.1:7000");
    expect(json).toMatchObject({ server: { endpoint: "/box/mcp", docsUrl: "/box/mcp/docs" } });
  });

  it.each(["/session/$(id)'%22%3Cb%3E`x`/mcp", "/session/a%60b;c&d/mcp"])("takes nothing of %s for a command or a mark", async (path) => {
    const html = await (await asked(`${path}/docs`)).text();

    expect(html).not.toMatch(/\$\(id\)|<b>|`|b;c|&d/);
    expect(html).toContain("/session/");
  });

  it("leads to docs.json when it cannot be made, tells the log, and is tried again the next time", async () => {
    const told: unknown[] = [];
    let isBroken = true;
    const routes = docsRoutes({
      log: { warn: (fields, message) => void told.push([fields, message]) },
      makePage(url) {
        if (isBroken) throw new Error("no template");
        return url;
      },
    });
    const ask = (path: string) => routes.request(`http://127.0.0.1:7000${path}`);

    const [broken, hosted] = [await ask("/mcp/docs"), await ask("/session/team/mcp/docs")];
    isBroken = false;
    const whole = await ask("/mcp/docs");

    expect([broken.status, broken.headers.get("location")]).toEqual([302, "/mcp/docs.json"]);
    expect([hosted.status, hosted.headers.get("location")]).toEqual([302, "/session/team/mcp/docs.json"]);
    expect(broken.headers.get("cache-control")).toBe("no-store");
    expect(told).toHaveLength(2);
    expect([whole.status, await whole.text()]).toEqual([200, "http://127.0.0.1:7000/mcp"]);
  });
});

describe.each(["/mcp/docs", "/mcp/docs.json", "/session/team/mcp/docs", "/session/team/mcp/docs.json"])("%s", (path) => {
  it("answers to HEAD as to GET, without a body", async () => {
    const [head, get] = [await asked(path, { method: "HEAD" }), await asked(path)];

    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
  });

  it.each(["POST", "PUT", "DELETE"])("does not take %s", async (method) => {
    const answer = await asked(path, { method });

    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("what a page consists of", () => {
  const hostile: Block[] = [
    heading(1, "a <b> `c<d`"),
    paragraph("x | *y* [z](u) <i>"),
    table(["|"], [["`a|b`", "<td>"]]),
    code("sh", "<&\"'`"),
  ];

  it("is escaped in HTML", () => {
    const html = htmlPage(hostile).replace(/<style>[^<]*<\/style>/, "");

    expect(html).not.toMatch(/<b>|<i>|<td><td>/);
    expect(html).toContain("<code>&lt;&amp;&quot;&#39;`</code>");
    expect(html).toContain("<code>c&lt;d</code>");
  });

  it("is escaped in Markdown", () => {
    const markdown = markdownPage(hostile);

    expect(markdown).toContain("# a \\<b> `c<d`");
    expect(markdown).toContain("x | \\*y\\* \\[z](u) \\<i>");
    expect(markdown).toContain("| `a\\|b` | \\<td> |");
  });

  it("closes each mark that it opens", () => {
    const texts = referenceBlocks("http://x/mcp").flatMap((block) =>
      block.kind === "code" ? [] : block.kind === "list" ? block.items : block.kind === "table" ? block.rows.flat() : [block.text],
    );

    expect(texts.filter((text) => pieces(text).length % 2 === 0)).toEqual([]);
    expect(texts.filter((text) => /undefined|\[object|\bNaN\b/.test(text))).toEqual([]);
  });
});

describe("the codes of errors", () => {
  it("are all told, and no other ones", () => {
    const folder = new URL("../../../tools/", import.meta.url);
    const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.includes(".test."));
    const used = sources.flatMap((name) =>
      Array.from(readFileSync(new URL(name, folder), "utf8").matchAll(/\bcode: "([A-Z_]+)"/g), ([, found = ""]) => found),
    );
    const refusals = Object.keys(REFUSALS).map((name) => name.toUpperCase().replaceAll(/[^A-Z]/g, "_"));

    expect(used.length).toBeGreaterThan(10);
    expect([...new Set(used)].filter((name) => TOOL_CODES[name] === undefined && !refusals.includes(name))).toEqual([]);
    expect(Object.keys(TOOL_CODES).filter((name) => !used.includes(name))).toEqual([]);
    for (const name of refusals) expect(toolsPage()).toMatch(new RegExp(`\`${name}\\*?\``));
  });
});

it("docs/tools.md says what is so; `npm run docs` makes it anew", () => {
  expect(readFileSync(new URL("../../../../docs/tools.md", import.meta.url), "utf8")).toBe(toolsPage());
});
