/**
 * Which clients can use the built program, and how: each of four, over stdio and over HTTP, in both eras of the protocol, does
 * what an agent does in a day. What a client cannot is a row that says how that ends.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { connectOld, GUESTS } from "./support/mcp-guests.ts";
import { connectRaw, ENVELOPE, type Place } from "./support/mcp-raw.ts";
import { launcher } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";

let scratch: Scratch;
let repository: string;
let sidecar: StartedSidecar;

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await scratch.repository("repository");
  sidecar = await startSidecarOf(scratch, repository);
});

afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const TRANSPORTS = ["stdio", "http"] as const;

function place(over: Place["over"]): Place {
  if (over === "http") return { over, url: `http://127.0.0.1:${sidecar.port}/mcp`, token: sidecar.token };
  return { over, args: [launcher("signalbox"), "mcp"], cwd: repository, env: scratch.env };
}

const CELLS = GUESTS.flatMap((guest) => guest.eras.flatMap((era) => TRANSPORTS.map((over) => ({ ...guest, era, over }))));

describe("a day of an agent", () => {
  it.each(CELLS)("with $name over $over in $era", async ({ name, connect, era, over }) => {
    await using guest = await connect(place(over), era);
    const file = `src/${over}-${era}-${name.replaceAll(/\W+/g, "-")}.ts`;

    expect(await guest.tools()).toEqual(expect.arrayContaining(["who_is_working", "begin_task", "yield_task"]));
    expect(await guest.call("who_is_working", {})).toMatchObject({ workspace_dir: repository });
    const begun = await guest.call("begin_task", { objective: "move the clock", files: [file] });
    expect(begun).toMatchObject({ status: "ok", files: [file] });
    expect(await guest.call("yield_task", { intent_id: begun["intent_id"] })).toMatchObject({ status: "ok" });
    expect(JSON.parse(await guest.read("signalbox://session"))).toMatchObject({ session_id: begun["session_id"] });
    expect(await guest.prompt("standup", {})).not.toBe("");
  });
});

describe("a question to the person", () => {
  const byHand = GUESTS.find(({ name }) => name === "JSON-RPC by hand")?.connect;

  it.each(CELLS.filter(({ asksPeople }) => asksPeople))(
    "is shown by $name over $over in $era, and decides",
    async ({ name, connect, era, over }) => {
      const asked: string[] = [];
      const files = [`src/asked-${over}-${era}-${name.replaceAll(/\W+/g, "-")}.ts`];
      await using bo = await (byHand as NonNullable<typeof byHand>)({ ...place("http"), principal: "bo" } as Place, "2026-07-28");
      await using guest = await connect(place(over), era, (message) => {
        asked.push(message);
        return { choice: "keep_theirs" };
      });
      await bo.call("begin_task", { objective: "first", files });
      const begun = await guest.call("begin_task", { objective: "second", files, on_overlap: "proceed" });
      const [conflict] = begun["conflicts"] as { conflict_id: string }[];

      await guest.call("escalate_conflict", { conflict_id: conflict?.conflict_id, reason: "we disagree" });

      expect(asked).toEqual([expect.stringContaining(String(conflict?.conflict_id))]);
      const { active_intents: live } = await bo.call("who_is_working", { paths: files });
      expect(live).toEqual([
        expect.objectContaining({ principal_id: "bo", scope: expect.objectContaining({ resources: files }) as unknown }),
      ]);
    },
  );
});

/** Starts the rest of its command line, whose standard input begins with a line of its own. */
const PRINTS = `
const { stdin } = require("node:child_process").spawn(process.execPath, process.argv.slice(2), { stdio: ["pipe", "inherit", "inherit"] });
stdin.write("Loading the environment ...\\n");
process.stdin.pipe(stdin);
`;

describe("an answer to what a wrapper has printed", () => {
  it.each(CELLS.filter(({ over }) => over === "stdio"))("does not stop $name in $era", async ({ connect, era }) => {
    const wrapper = join(scratch.folder, "prints.cjs");
    await writeFile(wrapper, PRINTS);
    const started = place("stdio") as Extract<Place, { over: "stdio" }>;
    await using guest = await connect({ ...started, args: [wrapper, ...started.args] }, era);

    expect(await guest.tools()).toContain("begin_task");
    expect(await guest.call("who_is_working", {})).toMatchObject({ workspace_dir: repository });
  });
});

describe("the SDK of 2025, which knows nothing of 2026", () => {
  it.each(TRANSPORTS)("over %s is refused what that era asks first, and goes on in its own", async (over) => {
    const { client, guest } = await connectOld(place(over));
    await using _ = guest;

    await expect(client.request({ method: "server/discover" }, z.looseObject({}))).rejects.toMatchObject({ code: -32_601 });

    expect(await guest.tools()).toContain("begin_task");
  });
});

const LOOK = { name: "who_is_working", arguments: {} };

describe("a host that asks server/discover and then initializes", () => {
  it.each(TRANSPORTS)("is served over %s by the same server", async (over) => {
    await using client = await connectRaw(place(over), undefined);

    const discovered = await client.ask("server/discover", { _meta: ENVELOPE });
    const initialized = await client.ask("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "cy", version: "1" },
    });
    const listed = await client.ask("tools/list");
    const called = [await client.ask("tools/call", LOOK), await client.ask("tools/call", LOOK)];

    expect(discovered.result?.["supportedVersions"]).toContain("2026-07-28");
    expect(initialized.result).toMatchObject({ protocolVersion: "2025-11-25" });
    expect(listed.result?.["tools"]).not.toHaveLength(0);
    for (const { result } of called) expect(result).toMatchObject({ structuredContent: { workspace_dir: repository } });
  });
});
