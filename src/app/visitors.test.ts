import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ANYBODY, own, proven, tokenOf, visited } from "./visitors.test.fixture.ts";
import { refOf } from "../git/file-state.ts";
import { prepareReplacement } from "../git/replace-file.ts";
import { findWorkspace } from "../git/repository.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { locateStore } from "../git/store-folder.ts";

const MINUTE = 60_000;
const ana = proven("ana");
const bo = proven("bo");
const task = (...files: string[]) => ({ objective: "o", files });

describe("a caller over HTTP", () => {
  it("takes part with its first write, and not before", async () => {
    await using session = await visited();

    const read = await session.call(ana, "who_is_working");
    expect(await session.participant("ana")).toBe(undefined);
    const begun = await session.call(ana, "begin_task", task("a.ts"));

    expect(read).toMatchObject({ session_id: "s" });
    expect(begun).toMatchObject({ status: "ok", principal_id: "ana", files: ["a.ts"] });
    expect(await session.participant("ana")).toMatchObject({ presence: "available", displayName: "ana", roles: ["contributor"] });
  });

  it.each([
    ["without a client name", proven("ana"), undefined, "ana"],
    ["whose client says its name", proven("ana"), "Claude Code", "ana/claude-code"],
    ["that a program of this machine speaks for", own("cy"), "Claude Code", "cy"],
  ])("has its own name %s", async (_, caller, client, name) => {
    await using session = await visited();

    expect(await session.call(caller, "begin_task", task("a.ts"), client)).toMatchObject({ status: "ok", principal_id: name });
  });

  it("joins once, however many of its first writes come at the same time", async () => {
    await using session = await visited();

    const begun = await Promise.all(["a", "b", "c"].map((file) => session.call(ana, "begin_task", task(file))));

    expect(begun.map(({ status, principal_id }) => [status, principal_id])).toEqual(Array(3).fill(["ok", "ana"]));
    const joins = (await session.log()).filter(({ command }) => (command as { message_type?: string }).message_type === "HELLO");
    expect(joins).toHaveLength(1);
  });

  it("is refused a file that another holds, and told by whom", async () => {
    await using session = await visited();
    await session.call(ana, "begin_task", task("a.ts"));

    const blocked = await session.call(bo, "begin_task", task("a.ts"));

    expect(blocked).toMatchObject({ status: "blocked", conflicts: [{ principal_id: "ana" }] });
  });

  it("yields what it began, also by another client of the same person, and nothing of others", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"), "one");

    const others = await session.call(bo, "yield_task", { intent_id });
    const other = await session.call(ana, "yield_task", { intent_id }, "two");

    expect(others).toMatchObject({ status: "error", code: "INTENT_NOT_OWNER" });
    expect(other).toMatchObject({ status: "ok", intent_id });
  });

  it("of this machine's own user yields nothing of another program of his", async () => {
    await using session = await visited({ profile: "open" });
    const { intent_id } = await session.call(own("cy"), "begin_task", task("a.ts"));

    const others = await session.call(own("dan"), "yield_task", { intent_id });

    expect(others).toMatchObject({ status: "error", code: "INTENT_NOT_OWNER" });
    expect(await session.call(own("cy"), "yield_task", { intent_id })).toMatchObject({ status: "ok" });
  });

  it("yields what a connection with the same credential began", async () => {
    await using session = await visited();
    await session.says("ana/vscode", "HELLO", { roles: ["contributor"] }, tokenOf("ana"));
    const scope = { kind: "file_set", resources: ["a.ts"] };
    await session.says("ana/vscode", "INTENT_ANNOUNCE", { intent_id: "i", objective: "o", scope, ttl_sec: 600 });

    const yielded = await session.call(ana, "yield_task", { intent_id: "i" }, "claude");

    expect(yielded).toMatchObject({ status: "ok", intent_id: "i" });
    expect(await session.participant("ana/claude")).toBe(undefined);
  });

  it("takes the next free name when another connection holds its own", async () => {
    await using session = await visited({ profile: "open" });
    using _bridge = session.room.sit("ana" as never, () => undefined, { [Symbol.dispose]: () => undefined });
    await session.says("ana", "HELLO", { roles: ["contributor"], extensions: { signalbox: {} } });

    const begun = await session.call(ana, "begin_task", task("a.ts"));

    expect(begun).toMatchObject({ status: "ok", principal_id: "ana#2" });
    expect(await session.participant("ana#2")).toMatchObject({ presence: "available" });
  });

  it("is the same participant in the next life of the sidecar, with its tasks", async () => {
    const first = await visited();
    const { intent_id } = await first.call(ana, "begin_task", task("a.ts"));
    await first.end();
    await using next = await visited({ store: first.store });

    const yielded = await next.call(ana, "yield_task", { intent_id });

    expect(yielded).toMatchObject({ status: "ok" });
  });
});

describe("whoever may not write", () => {
  it("reads, takes no part, and is told how to sign in when it writes", async () => {
    await using session = await visited();

    const read = await session.call(ANYBODY, "who_is_working");
    const written = await session.call(ANYBODY, "begin_task", task("a.ts"));
    const posted = await session.call(ANYBODY, "post_message", { topic: "t", body: "b" });

    expect(read).toMatchObject({ session_id: "s" });
    expect(written).toMatchObject({ status: "error", errors: ["bring a token"] });
    expect(posted).toMatchObject({ ok: false, error: { message: expect.stringContaining("bring a token") as string } });
    expect(await session.state(({ participants }) => participants.size)).toBe(0);
  });

  it("does not write by a credential that only reads, though it has taken part with a better one", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));

    const refused = await session.call(proven("ana", { mayWrite: false }), "yield_task", { intent_id });

    expect(refused).toMatchObject({ status: "error", code: "CREDENTIAL_REJECTED" });
  });
});

describe("the tasks of a caller", () => {
  it("live on while requests come, renewed at half their time", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));

    for (let times = 0; times < 6; times += 1) {
      await session.pass(8 * MINUTE, 60_000);
      await session.call(ana, "who_is_working");
    }

    expect(await session.state(({ intents }) => intents.get(intent_id as never)?.state)).toBe("ACTIVE");
  });

  it("are suspended when no request has come for a quarter of an hour, and taken up again with the next one", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", { ...task("a.ts"), ttl_sec: 7_200 });

    await session.pass(14 * MINUTE, 20_000);
    expect(await session.participant("ana")).toMatchObject({ presence: "available" });
    await session.pass(3 * MINUTE, 20_000);
    const stateNow = () => session.state(({ intents }) => intents.get(intent_id as never)?.state);
    expect([await stateNow(), (await session.participant("ana"))?.presence]).toEqual(["SUSPENDED", "unavailable"]);
    await session.call(ana, "who_is_working");

    expect([await stateNow(), (await session.participant("ana"))?.presence]).toEqual(["ACTIVE", "available"]);
  });

  it("live on for a quarter of an hour without a request, and are kept for whoever goes on with them for another one", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    const stateNow = () => session.state(({ intents }) => intents.get(intent_id as never)?.state);

    await session.pass(14 * MINUTE, 15_000);
    const first = await stateNow();
    await session.pass(3 * MINUTE, 15_000);
    const second = await stateNow();
    await session.pass(14 * MINUTE, 15_000);

    expect([first, second, await stateNow()]).toEqual(["ACTIVE", "SUSPENDED", "EXPIRED"]);
    expect((await session.call(ana, "who_is_working")).notices).toEqual([
      expect.stringContaining("ended, because nothing was seen of its work for 15 min") as string,
    ]);
  });

  it("live on for a quarter of an hour after a restart as well, of which their owner knows nothing", async () => {
    const session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    await session.call(bo, "who_is_working");
    await session.end();

    await using next = await visited({ store: session.store });
    const stateNow = () => next.state(({ intents }) => intents.get(intent_id as never)?.state);
    await next.pass(14 * MINUTE, 15_000);
    expect([await stateNow(), (await next.participant("ana"))?.presence]).toEqual(["ACTIVE", "available"]);
    await next.pass(3 * MINUTE, 15_000);

    expect([await stateNow(), (await next.participant("ana"))?.presence]).toEqual(["SUSPENDED", "unavailable"]);
  });

  it("end with an open stream as well when nobody works on them, though their owner is present", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    const timed = await session.call(ana, "begin_task", { ...task("b.ts"), ttl_sec: 7_200 });
    const stream = (await session.visitors.visit(ana, "s", undefined)).hold();
    const statesNow = () => session.state(({ intents }) => [intent_id, timed.intent_id].map((id) => intents.get(id as never)?.state));

    await session.pass(31 * MINUTE, 15_000);
    const held = await statesNow();
    stream[Symbol.dispose]();
    await session.pass(17 * MINUTE, 15_000);

    expect([held, await statesNow()]).toEqual([
      ["EXPIRED", "ACTIVE"],
      ["EXPIRED", "SUSPENDED"],
    ]);
  });

  it("that ended by themselves are told of by the next answer, with the call that takes them up again", async () => {
    await using session = await visited();
    await session.call(ana, "begin_task", { ...task("a.ts"), ttl_sec: 30 });

    await session.pass(40_000);
    const { notices } = await session.call(ana, "who_is_working");

    expect(notices).toEqual([expect.stringMatching(/^your task \S+ over a.ts ended, as its ttl_sec said; .*begin_task/)]);
  });

  it("are told of when a conflict about them is decided", async () => {
    await using session = await visited();
    await session.call(ana, "begin_task", task("a.ts"));
    const others = await session.call(bo, "begin_task", { ...task("a.ts"), on_overlap: "proceed" });
    const [conflict] = others["conflicts"] as [{ readonly conflict_id: string }];
    await session.call(proven("cy", { identity: tokenOf("cy", { roles: ["arbiter"] }) }), "resolve_conflict", {
      conflict_id: conflict.conflict_id,
      decision: "merged",
      rationale: "both",
    });

    const { notices } = await session.call(ana, "who_is_working");

    expect(notices?.join()).toContain(`conflict ${conflict.conflict_id} was decided by cy: merged ("both")`);
  });

  it("that a task which had to wait replaced when it began are not", async () => {
    await using session = await visited();
    await session.call(ana, "begin_task", task("a.ts"));
    const others = await session.call(bo, "begin_task", task("b.ts"));
    const waiting = session.call(ana, "begin_task", { ...task("a.ts", "b.ts"), on_overlap: "wait", wait_s: 40 });
    await session.settled();
    await session.call(bo, "yield_task", { intent_id: others.intent_id });

    expect(await waiting).toMatchObject({ status: "ok" });
    expect((await session.call(ana, "who_is_working")).notices).toBe(undefined);
    expect(await session.state(({ liveIntents }) => liveIntents.size)).toBe(1);
  });

  it("that it yielded or replaced itself are not", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    await session.call(ana, "begin_task", task("a.ts", "b.ts"));
    const second = await session.call(ana, "begin_task", task("c.ts"));
    await session.call(ana, "yield_task", { intent_id: second.intent_id });

    const { notices } = await session.call(ana, "who_is_working");

    expect([intent_id === second.intent_id, notices]).toEqual([false, undefined]);
  });
});

it("says no goodbye for whoever has come again since a restart", async () => {
  const session = await visited();
  await session.call(ana, "yield_task", { intent_id: (await session.call(ana, "begin_task", task("a.ts"))).intent_id });
  await session.end();

  await using next = await visited({ store: session.store });
  await next.pass(10 * MINUTE, 15_000);
  await next.call(ana, "who_is_working");
  await next.pass(14 * MINUTE, 15_000);

  expect(await next.participant("ana")).toMatchObject({ presence: "available" });
});

it("says goodbye after a restart, too, for whoever holds nothing and does not come again", async () => {
  const session = await visited();
  await session.call(ana, "yield_task", { intent_id: (await session.call(ana, "begin_task", task("a.ts"))).intent_id });
  await session.end();

  await using next = await visited({ store: session.store });
  await next.pass(14 * MINUTE, 15_000);
  expect(await next.participant("ana")).toMatchObject({ presence: "available" });
  await next.pass(2 * MINUTE, 15_000);

  expect(await next.participant("ana")).toMatchObject({ presence: "left" });
});

it("says goodbye for whoever holds nothing and has made no request for a quarter of an hour", async () => {
  await using session = await visited();
  const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
  await session.call(ana, "yield_task", { intent_id });

  await session.pass(16 * MINUTE, 20_000);

  expect(await session.participant("ana")).toMatchObject({ presence: "left" });
  expect(await session.call(ana, "begin_task", task("a.ts"))).toMatchObject({ status: "ok", principal_id: "ana" });
});

describe("sub-agents of a caller", () => {
  it("meet each other like strangers, and are found by the task they hold", async () => {
    await using session = await visited();
    const first = await session.call(ana, "begin_task", { ...task("a.ts"), agent: "one" });

    const second = await session.call(ana, "begin_task", { ...task("a.ts"), agent: "two" });
    const yielded = await session.call(ana, "yield_task", { intent_id: first.intent_id });

    expect([first["principal_id"], second["status"], yielded["status"]]).toEqual(["ana/one", "blocked", "ok"]);
  });

  it("of an earlier life are kept present by requests of their caller", async () => {
    const first = await visited();
    const { intent_id } = await first.call(ana, "begin_task", { ...task("a.ts"), ttl_sec: 7_200, agent: "one" });
    await first.end();
    await using next = await visited({ store: first.store });

    for (let times = 0; times < 4; times += 1) {
      await next.call(ana, "who_is_working");
      await next.pass(5 * MINUTE, 20_000);
    }

    expect(await next.state(({ intents }) => intents.get(intent_id as never)?.state)).toBe("ACTIVE");
  });

  it("stay when their caller goes on with a newer token, and the one that they came with has expired", async () => {
    await using session = await visited();
    const [earlier, later] = [proven("ana"), proven("ana")];
    await session.call(earlier, "begin_task", { ...task("a.ts"), agent: "one" });
    await session.call(later, "who_is_working");
    session.gone.add(earlier);

    expect(session.visitors.dismiss()).toBe(0);
    expect(await session.participant("ana/one")).toMatchObject({ presence: "available" });
  });
});

describe("begin_task that waits", () => {
  it("begins as soon as the other is done", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    const waiting = session.call(bo, "begin_task", { ...task("a.ts"), on_overlap: "wait", wait_s: 40 });
    await session.settled();

    await session.call(ana, "yield_task", { intent_id });

    expect(await waiting).toMatchObject({ status: "ok", principal_id: "bo" });
  });

  it("leaves no place behind when its caller goes away", async () => {
    await using session = await visited();
    await session.call(ana, "begin_task", task("a.ts"));
    const cancel = new AbortController();
    const waiting = session.call(bo, "begin_task", { ...task("a.ts"), on_overlap: "wait", wait_s: 40 }, undefined, {
      signal: cancel.signal,
    });
    await session.settled();
    expect(await session.state(({ waiting: row }) => row.size)).toBe(1);

    cancel.abort();
    await waiting;

    expect(await session.state(({ waiting: row }) => row.size)).toBe(0);
  });
});

it("sends away whose credential is given out no more, who says nothing again then", async () => {
  await using session = await visited();
  await session.call(ana, "begin_task", { ...task("a.ts"), ttl_sec: 7_200 });
  const { coordination } = await session.contextOf(ana);
  session.gone.add(ana);

  expect([session.visitors.dismiss(), session.visitors.dismiss(), session.visitors.present]).toEqual([1, 0, 0]);
  await session.pass(2 * MINUTE, 20_000);
  const late = await coordination.withdraw("any", "late");

  expect(late).toMatchObject({ ok: false, rejection: { code: "credential/rejected" } });
  expect(await session.participant("ana")).toMatchObject({ presence: "unavailable" });
});

describe("the board of the session", () => {
  it("knows the lane of a caller as proven, and gives up a wait that nobody waits for", async () => {
    await using session = await visited();
    const claimed = await session.call(ana, "claim_lane", { lane: "l" }, "one");
    const cancel = new AbortController();
    const waiting = session.call(bo, "claim_lane", { lane: "l", wait_s: 40 }, undefined, { signal: cancel.signal });
    await session.settled();
    cancel.abort();
    await waiting;

    expect(claimed).toMatchObject({ ok: true, owner: "ana/one", asserted: false });
    expect(await session.call(ana, "release_lane", { lane: "l" }, "one")).toMatchObject({ ok: true });
    expect(await session.call(proven("cy"), "claim_lane", { lane: "l" })).toMatchObject({ ok: true, owner: "cy" });
  });
});

describe("files of a session without a repository", () => {
  it("are those of the virtual tree: a change goes with its commit, and is read by others", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    const before = await session.call(ana, "get_file_state", { path: "a.ts" });

    const change = { intent_id, target: "a.ts", content: "one\n", state_ref_before: before["state_ref"] };
    const written = await session.call(ana, "submit_change", change);
    const again = await session.call(ana, "submit_change", change);
    const read = await session.call(bo, "get_file_state", { path: "a.ts" });
    const stale = await session.call(ana, "submit_change", { ...change, content: "two\n" });

    expect(before).toMatchObject({ status: "missing" });
    expect([written["status"], again["status"], stale["status"]]).toEqual(["success", "success", "stale"]);
    expect(read).toMatchObject({ status: "ok", content: "one\n", state_ref: written["state_ref_after"] });
    expect(read["state_ref"]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("are deleted, too", async () => {
    await using session = await visited();
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"));
    const before = await session.call(ana, "get_file_state", { path: "a.ts" });
    const change = { intent_id, target: "a.ts", content: "one\n", state_ref_before: before["state_ref"] };
    const written = await session.call(ana, "submit_change", change);

    const deleted = await session.call(ana, "submit_change", { ...change, content: null, state_ref_before: written["state_ref_after"] });

    expect(deleted).toMatchObject({ status: "success" });
    expect(await session.call(bo, "get_file_state", { path: "a.ts" })).toMatchObject({ status: "missing" });
  });
});

describe("files of a repository", () => {
  async function inRepository() {
    const scratch = await scratchFolder();
    const root = await scratch.repository("repo");
    await writeFile(join(root, "a.txt"), "one");
    const workspace = await findWorkspace(root);
    if (workspace.kind === "refused") throw new Error(workspace.message);
    const repository = { workspace, store: await locateStore(workspace, { env: scratch.env }) };
    return { root, session: await visited({ profile: "open", repository }), repository };
  }

  it("are the main worktree's, under the name that a bridge there has", async () => {
    const { root, session: opened } = await inRepository();
    await using session = opened;
    const { intent_id, principal_id } = await session.call(own(), "begin_task", task("a.txt"), "Claude Code");
    const before = await session.call(own(), "get_file_state", { path: "a.txt" }, "Claude Code");

    const change = { intent_id, target: "a.txt", content: "two", state_ref_before: before["state_ref"] };
    const written = await session.call(own(), "submit_change", change, "Claude Code");

    expect(principal_id).toMatch(/^claude-code:.+@repo$/);
    expect([before["content"], written["status"], await readFile(join(root, "a.txt"), "utf8")]).toEqual(["one", "success", "two"]);
    const joined = await session.participant(String(principal_id));
    expect(joined?.worktree).toMatchObject({ path: root, id: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
  });

  it("get a change that an earlier process recorded and did not put in place, and the next answer says so", async () => {
    const { root, session: opened, repository } = await inRepository();
    const { intent_id: intentId } = await opened.call(own("ana"), "begin_task", task("a.txt"));
    const { coordination } = await opened.contextOf(own("ana"));
    const [before, after] = [refOf(Buffer.from("one")), refOf(Buffer.from("two"))];
    const notesIn = join(root, ".git");
    const journal = { gitDir: notesIn, intentId: intentId as never, stateRefBefore: before, createdAtMs: 0 };
    await prepareReplacement({ root, path: "a.txt", content: "two", opId: "op-1" as never, journal });
    const fence = (await coordination.intent(intentId))?.fence ?? 0;
    const said = { intentId, fence, target: "a.txt", stateRefBefore: before, stateRefAfter: after, observed: before } as const;
    await coordination.commit({ ...said, opId: "op-1", opKind: "replace" });
    const folder = join(notesIn, "signalbox-pending");
    for (const name of await readdir(folder)) await rename(join(folder, name), join(folder, name.replace(/\.claimed-.*/, "")));

    await opened.end();
    await using session = await visited({ profile: "open", repository, store: opened.store });
    const { notices } = await session.call(own("ana"), "who_is_working");

    expect(await readFile(join(root, "a.txt"), "utf8")).toBe("two");
    expect(notices?.join()).toContain('the change of "a.txt" that was under way when an earlier bridge ended is in place now');
  });
});
