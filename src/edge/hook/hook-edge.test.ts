import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { session } from "../../core/session/session.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { redecide } from "../../engine/redecide.ts";
import { StoreUnavailable } from "../../store/errors.ts";
import { memoryStore } from "../../store/memory.ts";
import type { EventStore } from "../../store/store.ts";
import type { IntentId, PrincipalId, SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import { onBehalf } from "../../wire/mpac/on-behalf.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { type LogRecord, SELF } from "../../wire/record.ts";
import { createGuard } from "./guard.ts";
import { hookRoutes } from "./hook-edge.ts";

const SESSION = "s" as SessionId;
const TREE = "a".repeat(16);
const [ANA_HOST, BO_HOST] = [
  { pid: 10, started_at: "1" },
  { pid: 20, started_at: "2" },
];

/** A session in which people join, each under a host program, and a repository at `/repo` whose `build` is ignored. */
async function guarded({ raceLock = true, profile = "open" } = {}) {
  const kept = memoryStore();
  let full = false;
  const store: EventStore = {
    ...kept,
    append: (...records) => (full ? Promise.reject(new StoreUnavailable("no room is left")) : kept.append(...records)),
  };
  const engine = createEngine({ store, log: silentLog, node: "test" });
  const stream = await engine.open(session, SESSION, { root: "/repo", race_lock: raceLock, profile });
  const { host } = stream;
  const guard = createGuard({
    stream,
    sessionId: SESSION,
    files: {
      placeOf: (file) =>
        Promise.resolve(
          file.startsWith("/repo/") ? { treeId: TREE, root: "/repo", path: file.slice("/repo/".length), branch: "topic" } : undefined,
        ),
      isIgnored: ({ path }) => Promise.resolve(path.startsWith("build/")),
      identify: () => Promise.resolve(TREE),
    },
    isLiving: () => true,
    nowMs: () => engine.nowMs(),
  });
  /** The programs above a process: a hook runs three below its host. */
  const hostsAbove = (pid: number): Host[] => [
    { pid, started_at: "9" },
    { pid: 5, started_at: "9" },
    ...[ANA_HOST, BO_HOST].filter((one) => one.pid === pid - 1),
  ];
  const app = new Hono().route("/", hookRoutes({ guard, token: "t", hostsAbove, nowMs: () => 0, onActivity: () => undefined }));
  let messages = 0;
  const records: LogRecord[] = [];
  host.subscribe((record) => records.push(record));

  return {
    host,
    records,
    fill() {
      full = true;
    },
    lapse: (principal: string) =>
      new Promise((resolve) =>
        host.submit({ command: { type: "ParticipantLapsed", principal, lastHeardAtMs: 0 } as never, actor: SELF }, resolve),
      ),
    says(principal: string, type: ClientMessage["message_type"], payload: JsonObject, instance = `${principal}:1`) {
      const of = { sessionId: SESSION, messageId: `m${(messages += 1)}`, ts: "", principal, instance };
      return new Promise((resolve) =>
        host.submit(
          {
            command: onBehalf(of, type, payload),
            actor: { principal, verified: "asserted" },
            facts: () => ({ contentHash: of.messageId }),
          },
          resolve,
        ),
      );
    },
    join(principal: string, program: JsonObject) {
      return this.says(principal, "HELLO", { extensions: { signalbox: { host: program, worktree: { id: TREE, path: "/repo" } } } });
    },
    announce(principal: string, id: string, ...resources: string[]) {
      return this.says(principal, "INTENT_ANNOUNCE", {
        intent_id: id,
        objective: `work of ${principal}`,
        scope: { kind: "file_set", resources },
        extensions: { signalbox: { renews: true } },
      });
    },
    /** Announces over what another holds, as both agreed. */
    share(principal: string, id: string, ...resources: string[]) {
      return this.says(principal, "INTENT_ANNOUNCE", {
        intent_id: id,
        scope: { kind: "file_set", resources },
        extensions: { signalbox: { on_overlap: "proceed", renews: true } },
      });
    },
    /** What the hook of a host's edit is answered: the reason when it is denied, else nothing. */
    async edits({ pid }: Pick<Host, "pid">, file: string, more: object = {}) {
      const body = JSON.stringify({
        session_id: "conversation-1",
        cwd: "/repo",
        tool_name: "Edit",
        tool_input: { file_path: file },
        ...more,
      });
      const headers = { authorization: "Bearer t", "x-signalbox-pid": String(pid + 1) };
      const response = await app.request("/hook/pre-tool-use", { method: "POST", headers, body });
      if (response.status === 204) return undefined;
      if (response.status === 503) return `not answered: ${((await response.json()) as { readonly detail: string }).detail}`;
      const { hookSpecificOutput } = (await response.json()) as { hookSpecificOutput: Record<string, string> };
      expect(hookSpecificOutput).toMatchObject({ hookEventName: "PreToolUse", permissionDecision: "deny" });
      return hookSpecificOutput["permissionDecisionReason"];
    },
    held: () =>
      host.query(({ liveIntents, intents }) =>
        [...liveIntents].flatMap((id) => {
          const intent = intents.get(id);
          return intent === undefined ? [] : [[intent.principal as string, ...intent.resources.map(({ path }) => path)]];
        }),
      ),
    app,
    async [Symbol.asyncDispose]() {
      guard[Symbol.dispose]();
      await engine.close();
      const records: LogRecord[] = [];
      for await (const { text } of store.read(host.stream, 0)) records.push(JSON.parse(text) as LogRecord);
      redecide(session, records);
      await store.close();
    },
  };
}

describe("an edit of a client that speaks to the sidecar over HTTP", () => {
  const visits = (world: Awaited<ReturnType<typeof guarded>>, principal: string) =>
    world.says(principal, "HELLO", { extensions: { signalbox: { worktree: { id: TREE, path: "/repo" } } } }, `mcp:${principal}`);

  it("goes on over its own task, and what no task declares comes under its name", async () => {
    await using world = await guarded();
    await visits(world, "claude-code:ana@repo");
    await world.announce("claude-code:ana@repo", "i", "src");

    const reasons = [await world.edits(BO_HOST, "/repo/src/a.ts"), await world.edits(BO_HOST, "/repo/docs/a.md")];

    expect(reasons).toEqual([undefined, undefined]);
    expect(await world.held()).toEqual([["claude-code:ana@repo", "src", "docs/a.md"]]);
  });

  it.each([
    ["two of them work there", ["claude-code:ana@repo", "claude-code:cy@repo"]],
    ["it is another client's", ["cursor:ana@repo"]],
  ])("is a stranger's when %s", async (_, names) => {
    await using world = await guarded();
    for (const name of names) await visits(world, name);
    await world.announce(names[0] as string, "i", "src");

    expect(await world.edits(BO_HOST, "/repo/src/a.ts")).toContain(`${names[0]} holds src`);
  });
});

describe("an edit", () => {
  it("of a file that another holds is denied with who, what for, until when and what to do", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("bo", "i", "src");

    const reason = await world.edits(ANA_HOST, "/repo/src/a.ts");

    expect(reason).toMatch(
      /^Signalbox: bo holds src, which meets your src\/a\.ts, since .* until .* left\), renewed while it is worked on: "work of bo" \(i\)\./,
    );
    expect(reason).toContain('check_overlap {"files":["src/a.ts"]} later');
    expect(reason).toContain("Only if you agreed with bo");
    expect(await world.held()).toEqual([["bo", "src"]]);
  });

  it("that nobody declared opens a task of its agent, which keeps the next one away", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);

    const first = await world.edits(ANA_HOST, "/repo/src/a.ts");
    const second = await world.edits(BO_HOST, "/repo/src/a.ts");

    expect(first).toBeUndefined();
    expect(second).toContain("ana holds src/a.ts");
    expect(second).toContain('"edits that no task declared"');
    expect(await world.held()).toEqual([["ana", "src/a.ts"]]);
  });

  it("outside its agent's task widens it, also when several come at once", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.announce("ana", "i", "src/a.ts");

    await Promise.all(["b", "c", "d"].map((name) => world.edits(ANA_HOST, `/repo/src/${name}.ts`)));
    await world.edits(ANA_HOST, "/repo/src/a.ts");

    expect(await world.held()).toEqual([["ana", "src/a.ts", "src/b.ts", "src/c.ts", "src/d.ts"]]);
  });

  it("that would widen a task over another's file is denied, and the task stays as it was", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("ana", "i", "a.ts");
    await world.announce("bo", "k", "b.ts");

    expect(await world.edits(ANA_HOST, "/repo/b.ts")).toContain("bo holds b.ts");
    expect(await world.held()).toEqual([
      ["ana", "a.ts"],
      ["bo", "b.ts"],
    ]);
  });

  it("goes on where both agreed to merge", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("bo", "k", "a.ts");
    await world.share("ana", "i", "a.ts");

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toBeUndefined();
  });

  it("of a free file goes on and is declared where its agent shares another file by agreement", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("bo", "k", "a.ts");
    await world.share("ana", "i", "a.ts");

    expect(await world.edits(ANA_HOST, "/repo/free.ts")).toBeUndefined();
    expect(await world.edits(BO_HOST, "/repo/free.ts")).toContain("ana holds free.ts");
  });

  it("is declared by itself where its agent's task has an end of its own, which stays", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: { kind: "file_set", resources: ["a.ts"] }, ttl_sec: 60 });
    const ends = () => world.host.query(({ intents }) => intents.get("i" as IntentId)?.expiresAtMs);
    const before = await ends();

    await world.edits(ANA_HOST, "/repo/b.ts");

    expect(await ends()).toBe(before);
    expect(await world.held()).toEqual([
      ["ana", "a.ts"],
      ["ana", "b.ts"],
    ]);
  });

  it("is declared by itself where its agent's task is as large as a scope may be", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.announce("ana", "i", ...Array.from({ length: 50 }, (_, number) => `${number}${"x".repeat(3_990)}`));

    await world.edits(ANA_HOST, `/repo/${"y".repeat(4_000)}`);

    expect((await world.held()).map(([principal, ...files]) => [principal, files.length])).toEqual([
      ["ana", 50],
      ["ana", 1],
    ]);
  });

  it("takes up again what was suspended while its agent's bridge was gone", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("ana", "i", "a.ts");
    await world.lapse("ana");

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toBeUndefined();
    expect(await world.edits(BO_HOST, "/repo/a.ts")).toContain("ana holds a.ts");
  });

  it("is not answered while the log takes no records", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    world.fill();

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toMatch(/^not answered: the log cannot be written now/);
    expect(await world.edits(BO_HOST, "/repo/a.ts")).toMatch(/^not answered: the log cannot be written now/);
  });

  it("of a file that a sub-agent of the same host holds goes on: a hook does not say whose it is", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);
    await world.join("ana/tests", ANA_HOST);
    await world.announce("ana/tests", "i", "a.ts");

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toBeUndefined();
    expect(await world.held()).toEqual([["ana/tests", "a.ts"]]);
  });

  it.each([
    { name: "outside the repository", file: "/elsewhere/a.ts", more: {} },
    { name: "of a file that git ignores", file: "/repo/build/a.js", more: {} },
    { name: "of no file", file: "", more: { tool_input: {} } },
  ])("$name is nobody's business", async ({ file, more }) => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);

    expect(await world.edits(ANA_HOST, file, more)).toBeUndefined();
    expect(await world.held()).toEqual([]);
  });

  it("of a notebook, and of a file named relative to the client's folder, is judged as well", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);

    await world.edits(ANA_HOST, "", { tool_input: { notebook_path: "/repo/n.ipynb" } });
    await world.edits(ANA_HOST, "src/b.ts");

    expect(await world.held()).toEqual([["ana", "n.ipynb", "src/b.ts"]]);
  });

  it("is not denied by a holder whose client is away, and a session without race lock denies nothing", async () => {
    await using world = await guarded({ raceLock: false });
    await world.join("ana", ANA_HOST);
    await world.join("bo", BO_HOST);
    await world.announce("bo", "k", "a.ts");

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toBeUndefined();
  });
});

describe("a host without a bridge", () => {
  it("is joined by its first edit, under a name of its conversation, once", async () => {
    await using world = await guarded();

    await world.edits(ANA_HOST, "/repo/a.ts");
    await world.edits(ANA_HOST, "/repo/b.ts");

    expect(await world.held()).toEqual([["claude-code:413055e0@repo", "a.ts", "b.ts"]]);
    expect(await world.host.query(({ participants }) => [...participants.values()].map(({ worktree }) => worktree))).toEqual([
      { id: TREE, path: "/repo", branch: "topic" },
    ]);
  });

  it("is joined as this machine's own where a session wants to know of everybody who it is", async () => {
    await using world = await guarded({ profile: "authenticated" });

    await world.edits(ANA_HOST, "/repo/a.ts");

    expect(await world.held()).toEqual([["claude-code:413055e0@repo", "a.ts"]]);
  });

  it("takes no part when all that it did was to be denied", async () => {
    await using world = await guarded();
    await world.join("bo", BO_HOST);
    await world.announce("bo", "i", "a.ts");

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toContain("bo holds a.ts");

    const present = await world.host.query(({ participants }) =>
      [...participants.values()].filter(({ presence }) => presence !== "left").map(({ id }) => id),
    );
    expect(present).toEqual(["bo"]);
  });

  it("keeps what it declared before when an edit is denied later, or at the same time", async () => {
    await using world = await guarded();
    await world.join("bo", BO_HOST);
    await world.announce("bo", "i", "b.ts");

    await world.edits(ANA_HOST, "/repo/a.ts");
    const [, denied] = await Promise.all(["c", "b", "d"].map((name) => world.edits({ pid: 30 }, `/repo/${name}.ts`, { session_id: "cy" })));
    expect(denied).toContain("bo holds b.ts");
    expect(await world.edits({ pid: 40 }, "/repo/b.ts")).toContain("bo holds b.ts");

    expect(await world.held()).toEqual([
      ["bo", "b.ts"],
      ["claude-code:413055e0@repo", "a.ts"],
      ["claude-code:3d30f595@repo", "c.ts", "d.ts"],
    ]);
  });

  it("is another than one whose conversation begins alike", async () => {
    await using world = await guarded();

    await world.edits({ pid: 30 }, "/repo/a.ts", { session_id: "session-ana" });

    expect(await world.edits({ pid: 40 }, "/repo/a.ts", { session_id: "session-bo" })).toContain("holds a.ts");
  });

  it("is known by its conversation, whichever shell started the hook", async () => {
    await using world = await guarded();

    for (const pid of [30, 40, 50]) await world.edits({ pid }, "/repo/a.ts");

    expect(world.records.map(({ events }) => events[0]?.type)).toEqual(["ParticipantJoined", "IntentAnnounced"]);
  });

  it("that gets one goes on as its principal, and what it began before is its own", async () => {
    await using world = await guarded();
    await world.edits(ANA_HOST, "/repo/a.ts");
    await world.join("ana", { pid: 11, started_at: "9" }); // the program that the first edit named

    expect(await world.edits(ANA_HOST, "/repo/a.ts")).toBeUndefined();
    await world.edits(ANA_HOST, "/repo/b.ts");

    expect(await world.held()).toEqual([
      ["claude-code:413055e0@repo", "a.ts"],
      ["ana", "b.ts"],
    ]);
  });
});

describe("the door of hooks", () => {
  const post = (app: Hono, body: string, headers: Record<string, string> = { authorization: "Bearer t" }) =>
    app.request("/hook/pre-tool-use", { method: "POST", headers, body });

  it("is closed without the token", async () => {
    await using world = await guarded();

    expect((await post(world.app, "{}", {})).status).toBe(401);
    expect((await post(world.app, "{}", { authorization: "Bearer x" })).status).toBe(401);
  });

  it.each(["", "[]", "no json", '{"tool_input":{"file_path":7}}', JSON.stringify({ cwd: "x".repeat(5_000) })])(
    "says that %j is no hook, and changes nothing",
    async (body) => {
      await using world = await guarded();

      expect((await post(world.app, body)).status).toBe(400);
      expect(await world.held()).toEqual([]);
    },
  );

  it("counts what it heard", async () => {
    await using world = await guarded();
    const status = async () => (await world.app.request("/control/status")).json();
    const before = await status();

    await world.edits(ANA_HOST, "/elsewhere");
    await world.edits(ANA_HOST, "/elsewhere", { session_id: "signalbox-canary" });

    expect([before, await status()]).toEqual([
      { hooks: { count: 0, last_at: null } },
      { hooks: { count: 1, last_at: "1970-01-01T00:00:00.000Z" } },
    ]);
  });

  it("keeps whoever works from being taken for idle", async () => {
    await using world = await guarded();
    await world.join("ana", ANA_HOST);

    await world.edits(ANA_HOST, "/repo/a.ts");

    expect(await world.host.query(({ participants }) => participants.get("ana" as PrincipalId)?.presence)).toBe("available");
  });
});
