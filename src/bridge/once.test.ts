/** The same call made twice under one id of its caller's: every tool that writes, against a real sidecar. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Sidecar } from "../app/sidecar.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { REGISTRY } from "../tools/registry.ts";
import { type Bridge, bridgeIn } from "./bridge.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

/** What stands before the call: the arguments that name it. */
interface Stage {
  readonly ana: Bridge;
  readonly bo: Bridge;
  /** Owner, as ana. */
  readonly cy: Bridge;
}

interface Case {
  readonly tool: string;
  /** Prepares, and gives the arguments of the call. */
  readonly given: (stage: Stage) => Promise<object>;
  /** Other arguments of another call under the same id. */
  readonly other: (args: object) => object;
  /** Members that the first outcome has and each repeat gives again. */
  readonly same: readonly string[];
  /** How often it was done, as somebody else sees. */
  readonly done: (stage: Stage) => Promise<unknown>;
}

const begin = async (bridge: Bridge, ...files: string[]) =>
  String((await bridge.call("begin_task", { objective: "o", files, on_overlap: "proceed" }))["intent_id"]);
const conflict = async ({ ana, bo }: Stage) => {
  await begin(bo, "src/a.ts");
  await begin(ana, "src/a.ts");
  const { open_conflicts } = await ana.call("who_is_working");
  return String((open_conflicts as { conflict_id: string }[])[0]?.conflict_id);
};
const conflicts = async ({ bo }: Stage) => {
  const { open_conflicts } = await bo.call("who_is_working");
  return (open_conflicts as { state: string }[]).map(({ state }) => state);
};
const tasks = async ({ bo }: Pick<Stage, "bo">) => {
  const { active_intents } = await bo.call("who_is_working");
  return (active_intents as { principal_id: string; objective: string }[]).map((one) => `${one.principal_id} ${one.objective}`);
};
const lanes = async ({ bo }: Stage) => {
  const { active_lanes } = await bo.call("get_bus_status");
  return (active_lanes as { owner: string; lane: string; fencing_token: number }[]).map(({ owner, lane }) => `${owner} ${lane}`);
};
const messages = async ({ bo }: Stage) => ((await bo.call("read_messages"))["messages"] as unknown[]).length;

const CASES: readonly Case[] = [
  {
    tool: "begin_task",
    given: async () => ({ objective: "mine", files: ["src/a.ts"] }),
    other: (args) => ({ ...args, files: ["src/b.ts"] }),
    same: ["status", "intent_id", "superseded", "conflicts"],
    done: tasks,
  },
  {
    tool: "submit_change",
    async given({ ana }) {
      const intent_id = await begin(ana, "src/a.ts");
      const { state_ref } = await ana.call("get_file_state", { path: "src/a.ts" });
      return { intent_id, target: "src/a.ts", content: "export const a = 1;\n", state_ref_before: state_ref };
    },
    other: (args) => ({ ...args, content: "export const a = 2;\n" }),
    same: ["status", "state_ref_after"],
    done: async ({ ana }) => (await ana.call("get_file_state", { path: "src/a.ts" }))["content"],
  },
  {
    tool: "yield_task",
    given: async ({ ana }) => ({ intent_id: await begin(ana, "src/a.ts") }),
    other: (args) => ({ ...args, reason: "another" }),
    same: ["status", "intent_id"],
    done: tasks,
  },
  {
    tool: "ack_conflict",
    given: async (stage) => ({ conflict_id: await conflict(stage), ack_type: "accepted" }),
    other: (args) => ({ ...args, ack_type: "disputed" }),
    same: ["status", "ack_type"],
    done: conflicts,
  },
  {
    tool: "escalate_conflict",
    given: async (stage) => ({ conflict_id: await conflict(stage), reason: "why", escalate_to: "cy" }),
    other: (args) => ({ ...args, reason: "other" }),
    same: ["status", "conflict_id"],
    done: conflicts,
  },
  {
    tool: "resolve_conflict",
    given: async (stage) => ({ conflict_id: await conflict(stage), decision: "dismissed", rationale: "no harm" }),
    other: (args) => ({ ...args, rationale: "other" }),
    same: ["status", "decision"],
    done: conflicts,
  },
  {
    tool: "take_over_task",
    async given({ bo }) {
      const intent = await begin(bo, "src/a.ts"); // which is not committed, so that bo leaves it to others
      const dirty = async () => ((await bo.call("who_is_working"))["participants"] as { dirty_count?: number }[])[0]?.dirty_count;
      await expect.poll(dirty, { timeout: 10_000 }).toBe(1);
      await bo.contexts.leave();
      return { original_intent_id: intent, new_objective: "go on" };
    },
    other: (args) => ({ ...args, new_objective: "something else" }),
    same: ["status", "claim_id", "new_intent_id"],
    done: ({ ana }) => tasks({ bo: ana }),
  },
  {
    tool: "post_message",
    given: async () => ({ topic: "t", body: "b" }),
    other: (args) => ({ ...args, body: "c" }),
    same: ["ok", "id", "posted_at"],
    done: messages,
  },
  {
    tool: "claim_lane",
    given: async () => ({ lane: "deploy" }),
    other: (args) => ({ ...args, lease_s: 60 }),
    same: ["ok", "fencing_token", "expires_at"],
    done: lanes,
  },
  {
    tool: "heartbeat_lane",
    async given({ ana }) {
      await ana.call("claim_lane", { lane: "deploy" });
      return { lane: "deploy" };
    },
    other: (args) => ({ ...args, lease_s: 60 }),
    same: ["ok", "fencing_token", "expires_at"],
    done: lanes,
  },
  {
    tool: "release_lane",
    async given({ ana }) {
      await ana.call("claim_lane", { lane: "deploy" });
      return { lane: "deploy" };
    },
    other: () => ({ lane: "other" }),
    same: ["ok", "released"],
    done: lanes,
  },
];

async function stage(scratch: Scratch, repo: string): Promise<Stage> {
  const roles = { variables: { MPAC_AGENT_ROLES: "owner" } };
  const cy = bridgeIn(scratch, repo, { principal: "cy", ...roles });
  await cy.call("who_is_working");
  return { ana: bridgeIn(scratch, repo, roles), bo: bridgeIn(scratch, repo, { principal: "bo" }), cy };
}

const leave = ({ ana, bo, cy }: Stage) => Promise.all([ana, bo, cy].map((bridge) => bridge.contexts.leave()));

const only = (result: Readonly<Record<string, unknown>>, members: readonly string[]) =>
  Object.fromEntries(members.map((member) => [member, result[member]]));

const codeIn = (result: Readonly<Record<string, unknown>>) =>
  result["code"] ?? (result["error"] as { readonly code?: unknown } | undefined)?.code;

describe.each(CASES)("$tool with a client_request_id", ({ tool, given, other, same, done }) => {
  it("gives the first outcome again, at once and after a restart of sidecar and bridge, and does nothing twice", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await mkdir(join(repo, "src"));
    await writeFile(join(repo, "src/a.ts"), "export const a = 0;\n");
    const sidecar: Sidecar = await sidecarFor(repo);
    const first = await stage(scratch, repo);
    const args = { ...(await given(first)), client_request_id: "r1" };

    const [one, two] = await Promise.all([first.ana.call(tool, args), first.ana.call(tool, args)]);
    const stands = await done(first);
    const again = await first.ana.call(tool, args);
    const refused = await first.ana.call(tool, { ...other(args), client_request_id: "r1" });
    await sidecar[Symbol.asyncDispose]();
    await leave(first);
    await using back = await sidecarFor(repo);
    const later = await stage(scratch, repo);
    const after = await later.ana.call(tool, args);

    const outcome = only(one, same);
    expect(codeIn(one)).toBeUndefined();
    expect(Object.values(outcome)).not.toContain(undefined);
    expect([two, again, after].map((result) => only(result, same))).toEqual([outcome, outcome, outcome]);
    expect(codeIn(refused)).toBe("REQUEST_OTHER_CONTENT");
    expect(back.port).toBeGreaterThan(0);
    expect(await done(later)).toEqual(stands);
    await leave(later);
  });
});

it("every tool that writes takes one", () => {
  const without = REGISTRY.filter(({ annotations, input }) => !annotations.readOnlyHint && !("client_request_id" in input.shape));

  expect(without.map(({ name }) => name)).toEqual([]);
});
