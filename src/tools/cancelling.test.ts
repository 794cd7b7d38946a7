/** A call that is cancelled at every moment there is: nothing is held afterwards that its caller was not told of. */
import { describe, expect, it } from "vitest";
import { callTool } from "./call-tool.ts";
import type { Agents, Coordination } from "./ports/session.ts";
import { REGISTRY } from "./registry.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

/** More moments than any call has. */
const MOST = 60;

interface Scene {
  readonly tool: string;
  readonly args: object;
  readonly given?: (session: TestSession) => void;
  /** Whether the same call, made again and not cancelled, has what it asks for. */
  readonly gets: string;
}

const SCENES: readonly (Scene & { readonly name: string })[] = [
  { name: "begin_task", tool: "begin_task", args: { objective: "o", files: ["src/a.ts"] }, gets: "ok" },
  {
    name: "begin_task that may be repeated",
    tool: "begin_task",
    args: { objective: "o", files: ["src/a.ts"], client_request_id: "r1" },
    gets: "ok",
  },
  {
    name: "begin_task that waits",
    tool: "begin_task",
    args: { objective: "o", files: ["src/a.ts"], on_overlap: "wait" },
    given: (session) => session.holds("bo", "intent-bo", ["src/a.ts"]),
    gets: "waiting",
  },
  {
    name: "begin_task that waits, and has its turn",
    tool: "begin_task",
    args: { objective: "o", files: ["src/a.ts"], on_overlap: "wait", client_request_id: "r1" },
    given(session) {
      session.holds("bo", "intent-bo", ["src/a.ts"]);
      session.whileWaiting = () => session.end("intent-bo", "WITHDRAWN");
    },
    gets: "ok",
  },
  {
    name: "take_over_task",
    tool: "take_over_task",
    args: { original_intent_id: "intent-bo", new_objective: "go on" },
    given(session) {
      session.holds("bo", "intent-bo", ["src/a.ts"]);
      Object.assign(session.intents.get("intent-bo") ?? {}, { state: "SUSPENDED" });
    },
    gets: "ok",
  },
];

/** The session, which is asked something at each moment of a call: at the one of this number the call is cancelled. */
function cancelledAt(moment: number, coordination: Coordination) {
  const cancelled = new AbortController();
  let passed = 0;
  const pass = () => {
    if (passed === moment) cancelled.abort();
    passed += 1;
  };
  const watched = new Proxy(coordination, {
    get(target, name: keyof Coordination) {
      const work = target[name] as ((...given: unknown[]) => Promise<unknown>) | undefined;
      if (work === undefined) return undefined;
      return async (...args: unknown[]) => {
        pass();
        const result = await work(...args);
        pass();
        return result;
      };
    },
  });
  return { signal: cancelled.signal, coordination: watched };
}

const heldBy = (session: TestSession, principal: string) => [
  ...[...session.intents.values()].filter(({ principal_id, state }) => principal_id === principal && state === "ACTIVE"),
  ...[...session.waiting.values()].filter(({ principalId }) => principalId === principal),
];

describe.each(SCENES)("$name", ({ tool, args, given, gets }) => {
  it("holds nothing that nobody was told of, whenever it is cancelled", async () => {
    const cancelledOnes: number[] = [];
    for (let moment = 0; moment < MOST; moment += 1) {
      const session = new TestSession();
      given?.(session);
      const { signal, coordination } = cancelledAt(moment, session.as("ana"));
      const { ctx } = caller(session, "ana", { coordination, signal });

      const called = await callTool(REGISTRY, ctx, tool, args);
      if (called.outcome !== "result") throw new Error(called.message);
      called.result.settle?.(!signal.aborted);
      await new Promise(setImmediate);
      const held = heldBy(session, "ana").length;
      session.whileWaiting?.();
      const again = await caller(session, "ana", { newId: () => "b1" }).call(tool, {
        ...args,
        ...(gets === "waiting" ? { wait_s: 0 } : {}),
      });

      if (signal.aborted) cancelledOnes.push(moment);
      // What was taken over and given up again is somebody's no more.
      const last = signal.aborted && tool === "begin_task" ? again.structured["status"] : gets;
      expect([moment, held, last]).toEqual([moment, signal.aborted ? 0 : 1, gets]);
    }

    expect(cancelledOnes.length).toBeGreaterThan(5);
    expect(cancelledOnes.length).toBeLessThan(MOST);
  });

  it.each([
    { name: "holds nothing when its answer does not leave", left: false, unread: undefined, held: 0 },
    { name: "holds nothing when it turns out that nobody read its answer", left: true, unread: true, held: 0 },
    { name: "holds what its answer tells of, which was perhaps read", left: true, unread: false, held: 1 },
  ])("$name", async ({ left, unread, held }) => {
    const session = new TestSession();
    given?.(session);

    const { settle } = await caller(session, "ana").call(tool, args);
    const takeBack = settle?.(left);
    if (unread !== undefined) takeBack?.(unread);
    await new Promise(setImmediate);

    expect(heldBy(session, "ana")).toHaveLength(held);
  });
});

describe("two calls under one id, at the same time", () => {
  it.each([
    { name: "hold what one of them is told of", heard: [false, true], held: 1 },
    { name: "hold what one of them is told of, in whichever order they are", heard: [true, false], held: 1 },
    { name: "hold nothing when neither is heard", heard: [false, false], held: 0 },
  ])("$name", async ({ heard, held }) => {
    const session = new TestSession();
    const ana = caller(session, "ana");
    const begin = () => ana.call("begin_task", { objective: "o", files: ["src/a.ts"], client_request_id: "r1" });

    const both = await Promise.all([begin(), begin()]);
    both.forEach(({ settle }, call) => settle?.(heard[call] === true));
    await new Promise(setImmediate);

    expect(both.map(({ structured }) => structured["status"])).toEqual(["ok", "ok"]);
    expect(heldBy(session, "ana")).toHaveLength(held);
  });

  it("hold what the repeat was told, though nobody reads the first answer", async () => {
    const session = new TestSession();
    const ana = caller(session, "ana");
    const begin = () => ana.call("begin_task", { objective: "o", files: ["src/a.ts"], client_request_id: "r1" });

    const unread = (await begin()).settle?.(true);
    (await begin()).settle?.(true);
    unread?.(true);
    await new Promise(setImmediate);

    expect(heldBy(session, "ana")).toHaveLength(1);
  });
});

describe("a repeat that is cancelled", () => {
  it("leaves what the first call was told", async () => {
    const session = new TestSession();
    const args = { objective: "o", files: ["src/a.ts"], client_request_id: "r1" };
    const first = await caller(session, "ana").call("begin_task", args);
    first.settle?.(true);

    for (let moment = 0; moment < MOST; moment += 1) {
      const { signal, coordination } = cancelledAt(moment, session.as("ana"));
      const { settle } = await caller(session, "ana", { coordination, signal }).call("begin_task", args);
      settle?.(!signal.aborted);
      await new Promise(setImmediate);
    }

    expect(heldBy(session, "ana")).toMatchObject([{ intent_id: first.structured["intent_id"] }]);
  });
});

describe("begin_task that goes on waiting with its ticket", () => {
  it.each([
    { name: "keeps the place, which the call before told of", hasTurn: false },
    { name: "holds nothing that its place has become meanwhile", hasTurn: true },
  ])("$name, whenever it is cancelled", async ({ hasTurn }) => {
    const cancelledOnes: number[] = [];
    for (let moment = 0; moment < MOST; moment += 1) {
      const session = new TestSession();
      session.holds("bo", "intent-bo", ["src/a.ts"]);
      const args = { objective: "o", files: ["src/a.ts"] };
      const first = await caller(session, "ana").call("begin_task", { ...args, on_overlap: "wait", wait_s: 0 });
      first.settle?.(true);
      if (hasTurn) session.whileWaiting = () => session.end("intent-bo", "WITHDRAWN");
      const { signal, coordination } = cancelledAt(moment, session.as("ana"));

      const { settle } = await caller(session, "ana", { coordination, signal }).call("begin_task", {
        ...args,
        ticket: first.structured["ticket"],
      });
      settle?.(!signal.aborted);
      await new Promise(setImmediate);

      if (!signal.aborted) break;
      cancelledOnes.push(moment);
      const hasBegun = session.intents.size > 1;
      expect([moment, heldBy(session, "ana").length, session.waiting.size]).toEqual([moment, ...(hasBegun ? [0, 0] : [1, 1])]);
    }

    expect(cancelledOnes.length).toBeGreaterThan(5);
  });
});

describe("submit_change", () => {
  it("writes the file and records it, or does neither, whenever it is cancelled", async () => {
    const seen = new Set<string>();
    for (let moment = 0; moment < MOST; moment += 1) {
      const session = new TestSession();
      session.holds("ana", "intent-ana", ["src/a.ts"]);
      const { signal, coordination } = cancelledAt(moment, session.as("ana"));
      const agents: Agents = { as: async () => coordination, holding: async () => coordination, named: async () => coordination };
      const { ctx, tree } = caller(session, "ana", { coordination, agents, signal });
      tree.files.set("src/a.ts", "old");
      const state = await tree.state("src/a.ts", { content: false });
      if (state.status === "refused") throw new Error(state.why);

      const args = { intent_id: "intent-ana", target: "src/a.ts", content: "new", state_ref_before: state.state_ref };
      await callTool(REGISTRY, ctx, "submit_change", args);
      const recorded = session.intents.get("intent-ana")?.operations.length ?? 0;
      seen.add(`${tree.files.get("src/a.ts")} ${recorded} ${tree.waiting.size}`);
    }

    expect([...seen].toSorted()).toEqual(["new 1 0", "old 0 0"]);
  });
});
