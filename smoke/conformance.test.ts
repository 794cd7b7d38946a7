/**
 * What the official conformance suite says: of the built program, as far as the suite can ask any server, and of a server of the
 * suite's own that stands on the same HTTP stack, where it can ask everything.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mount, serveSuite } from "../src/edge/mcp/mcp-edge.test.fixture.ts";
import { findSuite } from "./support/conformance-suite.ts";
import { PROJECT } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";

const suite = await findSuite();

/** Scenarios that want nothing of a server but that it is one. */
const OF_ANY_SERVER = {
  "2025-11-25": [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
    "server-session-lifecycle",
  ],
  "2026-07-28": [
    "server-stateless",
    "tools-list",
    "resources-list",
    "prompts-list",
    "caching",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "http-header-validation",
    "server-sse-multiple-streams",
    "input-required-result-missing-input-response",
    "input-required-result-unsupported-methods",
    "input-required-result-ignore-extra-params",
    "input-required-result-validate-input",
  ],
} as const;

/** What the suite cannot see in a server without its tools; each entry says why. */
const UNSEEN = join(PROJECT, "smoke", "conformance-unseen.yml");

const ROWS = Object.entries(OF_ANY_SERVER).flatMap(([revision, scenarios]) => scenarios.map((scenario) => ({ revision, scenario })));

describe.skipIf(typeof suite === "string")("the built program, asked by the conformance suite", () => {
  let scratch: Scratch;
  let sidecar: StartedSidecar;

  beforeAll(async () => {
    scratch = await scratchFolder();
    sidecar = await startSidecarOf(scratch, await scratch.repository("repository"));
  });

  afterAll(async () => {
    await sidecar[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  it.each(ROWS)("passes $scenario of $revision", async ({ revision, scenario }) => {
    if (typeof suite === "string") return;
    const target = ["--url", `http://127.0.0.1:${sidecar.port}/mcp`, "--scenario", scenario, "--spec-version", revision];
    const { code, said } = await suite.run("server", ...target, "--expected-failures", UNSEEN, "-o", scratch.folder);

    expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/Passed: [1-9]/) as unknown });
  });
});

/** Scenarios that a revision requires of a server. */
const REQUIRED = [
  { revision: "2025-11-25", count: 30 },
  { revision: "2026-07-28", count: 37 },
];

describe.skipIf(typeof suite === "string")("a server of the suite's own, on the HTTP stack of this program", () => {
  it.each(REQUIRED)("passes all $count scenarios that $revision requires", async ({ revision, count }) => {
    if (typeof suite === "string") return;
    await using scratch = await scratchFolder();
    await using mounted = await mount({ serve: serveSuite() });

    const { code, said } = await suite.run("server", "--url", mounted.url, "--requirements", revision, "-o", scratch.folder);

    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("=== SUMMARY ===") as unknown });
    const [scored] = said.slice(said.indexOf("=== SUMMARY ===")).split("Not scored for");
    const unscored = [...said.matchAll(/^ {2}[✓✗] \S+ \((?:extension|pending|added-after-release)\)/gm)];
    expect([...(scored ?? "").matchAll(/^[✓✗] /gm)]).toHaveLength(count + unscored.length);
  });
});
