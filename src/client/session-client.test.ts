import { describe, expect, it } from "vitest";
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { SidecarUnavailable } from "./faults.ts";
import { scriptedSidecar, type ScriptedSidecar } from "./scripted-sidecar.test.fixture.ts";
import { createSessionClient, type Joined, type SessionClientOptions } from "./session-client.ts";

const announcement = { intent_id: "i1", objective: "parser", scope: { kind: "file_set", resources: ["a.ts"] } };

function ana(sidecar: ScriptedSidecar, more: Partial<SessionClientOptions> = {}) {
  return createSessionClient({
    principalId: "ana",
    incarnation: "one",
    control: 1,
    locate: sidecar.locate,
    ...more,
    limits: { firstDelayMs: 2, mostDelayMs: 8, ...more.limits },
  });
}

describe("joining", () => {
  it("happens with the first command, and says who, where and under which host", async () => {
    await using sidecar = await scriptedSidecar();
    const worktree = { id: "0123456789abcdef" as never, path: "/w", branch: "main" };
    await using client = ana(sidecar, {
      displayName: "Ana",
      roles: ["owner"],
      host: { pid: 7 },
      worktree: () => Promise.resolve(worktree),
    });

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    const hello = await sidecar.next("HELLO");
    sidecar.ack(await sidecar.next("INTENT_ANNOUNCE"), { revision: 3, fence: 5 });

    expect(await sent).toEqual({ ok: true, ack: { revision: 3, fence: 5 } });
    expect(hello.payload).toMatchObject({ display_name: "Ana", roles: ["owner"] });
    expect(hello.signalbox).toEqual({ worktree, host: { pid: 7 } });
    expect(hello.frame["sender"]).toEqual({ principal_id: "ana", principal_type: "agent", sender_instance_id: "ana:one" });
    expect(sidecar.heard.map(({ type }) => type)).toEqual(["HELLO", "INTENT_ANNOUNCE"]);
  });

  it("takes the next free name over the same socket when the first is taken", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    await using client = ana(sidecar);

    const joining = client.join();
    const first = await sidecar.next("HELLO");
    sidecar.refuse(first, "principal/name-taken", { suggested: "ana#2" });
    const second = await sidecar.next("HELLO");
    sidecar.refuse(second, "principal/name-taken", { suggested: "ana#3" });
    const third = await sidecar.next("HELLO");
    sidecar.admit(third);

    expect(await joining).toMatchObject({ principalId: "ana#3", instanceId: "ana#3:one", again: false });
    expect(third.socket).toBe(first.socket);
    expect(client.principalId).toBe("ana#3");
  });

  it("is refused with the coordinator's own sentence", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    await using client = ana(sidecar);

    const joining = client.join();
    sidecar.refuse(await sidecar.next("HELLO"), "session/profile-unsupported");

    await expect(joining).rejects.toMatchObject({ name: "SidecarUnavailable", code: "session/profile-unsupported" });
  });

  it.each([
    { name: "an older sidecar", control: 0, says: "signalbox stop" },
    { name: "a newer sidecar", control: 2, says: "restart your coding client" },
  ])("is not done with $name of another control number", async ({ control, says }) => {
    const signalbox = { control, version: "9.9.9", revision: 1, workspace_dir: "/w", intents: [] };
    await using sidecar = await scriptedSidecar({ info: { extensions: { signalbox } } });
    await using client = ana(sidecar);

    const fault = await client.join().catch((error: unknown) => error as SidecarUnavailable);

    expect(fault).toBeInstanceOf(SidecarUnavailable);
    expect(fault).toMatchObject({ code: "sidecar/other-control" });
    expect((fault as SidecarUnavailable).sentence).toContain(says);
  });

  it("gives up with a sentence when nothing listens, and a caller's signal ends the wait at once", async () => {
    const nowhere = () => Promise.resolve({ uri: "ws://127.0.0.1:9/" });
    await using client = createSessionClient({ principalId: "ana", control: 1, locate: nowhere, limits: { reachMs: 1, firstDelayMs: 1 } });
    await using patient = createSessionClient({
      principalId: "ana",
      control: 1,
      locate: nowhere,
      limits: { firstDelayMs: 1, mostDelayMs: 5 },
    });
    const stop = new AbortController();

    const [waiting, joining] = [patient.join(stop.signal), client.join()];
    stop.abort(new Error("enough"));

    await expect(waiting).rejects.toThrow("enough");
    await expect(joining).rejects.toThrow(/cannot be reached .*ECONNREFUSED/);
  });

  it("tells the reason when no sidecar can be started, without trying again", async () => {
    let asked = 0;
    const locate = () => {
      asked += 1;
      return Promise.reject(new SidecarUnavailable("the disk is full", { code: "store/full" }));
    };
    await using client = createSessionClient({ principalId: "ana", control: 1, locate });

    await expect(client.query({ kind: "summary" })).rejects.toThrow("the disk is full");

    expect(asked).toBe(1);
  });
});

describe("a command", () => {
  it("is matched to its own answer whatever comes in between", async () => {
    await using sidecar = await scriptedSidecar();
    const others: InboundEnvelope[] = [];
    await using client = ana(sidecar, { onEnvelope: (envelope) => others.push(envelope) });

    const [first, second] = [client.send("INTENT_ANNOUNCE", announcement), client.send("INTENT_WITHDRAW", { intent_id: "i9" })];
    const announced = await sidecar.next("INTENT_ANNOUNCE");
    const withdrawn = await sidecar.next("INTENT_WITHDRAW");
    for (const broken of ["", "[]", "7", "{", '{"type":"SIGNALBOX_ANSWER"}', '{"message_type":"X","message_id":7}'])
      announced.socket.send(broken);
    announced.socket.send(Buffer.from("{}"), { binary: true });
    sidecar.say(announced, "COORDINATOR_STATUS", { event: "heartbeat" });
    sidecar.send(announced, { ...withdrawn.frame, message_id: "of-bo", sender: { principal_id: "bo" } });
    sidecar.refuse(withdrawn, "intent/unknown", { details: { intent: "i9" } });
    sidecar.ack(announced);

    expect(await first).toEqual({ ok: true, ack: { revision: 1 } });
    expect(await second).toEqual({
      ok: false,
      rejection: { code: "intent/unknown", message: "refused: intent/unknown", details: { intent: "i9" } },
    });
    expect(others.map(({ message_type }) => message_type)).toEqual(["COORDINATOR_STATUS", "INTENT_WITHDRAW", "PROTOCOL_ERROR"]);
  });

  it("carries a request id of its own unless its caller gave one", async () => {
    await using sidecar = await scriptedSidecar();
    await using client = ana(sidecar);
    const given = { ...announcement, extensions: { signalbox: { request_id: "r1", on_overlap: "proceed" } } };

    const sent = [client.send("INTENT_ANNOUNCE", given), client.send("INTENT_ANNOUNCE", announcement)];
    const [first, second] = [await sidecar.next("INTENT_ANNOUNCE"), await sidecar.next("INTENT_ANNOUNCE")];
    sidecar.ack(first);
    sidecar.ack(second);
    await Promise.all(sent);

    expect(first.signalbox).toEqual({ request_id: "r1", on_overlap: "proceed" });
    expect(second.signalbox["request_id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("of more than a mebibyte is refused and not sent", async () => {
    await using sidecar = await scriptedSidecar();
    await using client = ana(sidecar);

    const outcome = await client.send("INTENT_ANNOUNCE", { ...announcement, objective: "x".repeat(1024 * 1024) });

    expect(outcome).toMatchObject({ ok: false, rejection: { code: "message/malformed" } });
    expect(sidecar.heard.map(({ type }) => type)).toEqual(["HELLO"]);
  });

  it("that nobody answers in time has an unknown outcome, and a late answer harms nobody", async () => {
    await using sidecar = await scriptedSidecar();
    await using client = ana(sidecar);

    const lost = client.send("INTENT_ANNOUNCE", announcement, { limitMs: 5 }).catch((error: unknown) => error);
    const heard = await sidecar.next("INTENT_ANNOUNCE");
    expect(await lost).toMatchObject({ name: "OutcomeUnknown", messageType: "INTENT_ANNOUNCE", messageId: heard.id });
    sidecar.ack(heard);
    const later = client.send("INTENT_WITHDRAW", { intent_id: "i1" });
    sidecar.ack(await sidecar.next("INTENT_WITHDRAW"));

    expect(await later).toMatchObject({ ok: true });
  });

  it("whose caller stops waiting after it was sent has an unknown outcome", async () => {
    await using sidecar = await scriptedSidecar();
    await using client = ana(sidecar);
    const stop = new AbortController();

    const sent = client.send("INTENT_ANNOUNCE", announcement, { signal: stop.signal });
    await sidecar.next("INTENT_ANNOUNCE");
    stop.abort();

    await expect(sent).rejects.toMatchObject({ name: "OutcomeUnknown" });
  });
});

describe("a broken connection", () => {
  it("is made anew as the same principal and instance, and what was under way is sent again as it was", async () => {
    await using sidecar = await scriptedSidecar();
    const joins: Joined[] = [];
    await using client = ana(sidecar, { onJoined: (joined) => joins.push(joined) });

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    const asked = client.query({ kind: "summary" });
    const [before, question] = [await sidecar.next("INTENT_ANNOUNCE"), await sidecar.next("SIGNALBOX_QUERY")];
    sidecar.cut();
    const [again, repeated] = [await sidecar.next("INTENT_ANNOUNCE"), await sidecar.next("SIGNALBOX_QUERY")];
    sidecar.ack(again, { revision: 8 });
    sidecar.send(repeated, { type: "SIGNALBOX_ANSWER", query_id: repeated.id, answer: { kind: "intent", intent: null } });

    expect(await sent).toEqual({ ok: true, ack: { revision: 8 } });
    expect(await asked).toEqual({ kind: "intent", intent: null });
    expect([again.text, repeated.text]).toEqual([before.text, question.text]);
    expect(again.socket).not.toBe(before.socket);
    expect(joins.map(({ again: isAgain, principalId, instanceId }) => [isAgain, principalId, instanceId])).toEqual([
      [false, "ana", "ana:one"],
      [true, "ana", "ana:one"],
    ]);
  });

  it("is made anew with what the coordinator told over the last one", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    await using client = ana(sidecar);
    const joined = client.join();
    const first = await sidecar.next("HELLO");
    const told = { control: 1, version: "0.1.0", revision: 1, workspace_dir: "/w", intents: [], secret: "told once" };
    sidecar.admit(first, { extensions: { signalbox: told } });
    await joined;

    sidecar.cut();
    const second = await sidecar.next("HELLO");
    sidecar.admit(second, {});

    expect([first.signalbox["secret"], second.signalbox["secret"]]).toEqual([undefined, "told once"]);
  });

  it("does not send a command again under another name", async () => {
    await using sidecar = await scriptedSidecar({ admits: false });
    const joins: Joined[] = [];
    await using client = ana(sidecar, { onJoined: (joined) => joins.push(joined) });

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    sidecar.admit(await sidecar.next("HELLO"));
    await sidecar.next("INTENT_ANNOUNCE");
    sidecar.cut();
    sidecar.refuse(await sidecar.next("HELLO"), "principal/name-taken", { suggested: "ana#2" });
    sidecar.admit(await sidecar.next("HELLO"));

    await expect(sent).rejects.toThrow(/its sender is ana#2/);
    expect(joins.at(-1)).toMatchObject({ again: true, renamedFrom: "ana", principalId: "ana#2" });
    expect(sidecar.heard.filter(({ type }) => type === "INTENT_ANNOUNCE")).toHaveLength(1);
  });

  it("says why in the unknown outcome when no connection comes back in time", async () => {
    await using sidecar = await scriptedSidecar();
    let gone = false;
    const why = new SidecarUnavailable("it starts", { passing: true });
    await using client = ana(sidecar, { locate: () => (gone ? Promise.reject(why) : sidecar.locate()) });

    const sent = client.send("INTENT_ANNOUNCE", announcement, { limitMs: 60 });
    await sidecar.next("INTENT_ANNOUNCE");
    gone = true;
    sidecar.cut();

    await expect(sent).rejects.toMatchObject({ name: "OutcomeUnknown", cause: { message: "it starts" } });
  });

  it("ends the wait of whatever is under way when no other attempt would help", async () => {
    await using sidecar = await scriptedSidecar();
    let gone = false;
    const why = new SidecarUnavailable("another release runs: restart");
    await using client = ana(sidecar, { locate: () => (gone ? Promise.reject(why) : sidecar.locate()) });
    const limitMs = 86_400_000;

    const sent = client.send("INTENT_ANNOUNCE", announcement, { limitMs });
    const asked = client.query({ kind: "summary" }, { limitMs });
    await Promise.all([sidecar.next("INTENT_ANNOUNCE"), sidecar.next("SIGNALBOX_QUERY")]);
    gone = true;
    sidecar.cut();

    await expect(asked).rejects.toBe(why);
    await expect(sent).rejects.toMatchObject({
      name: "OutcomeUnknown",
      message: expect.stringContaining("(another release runs: restart)") as string,
    });
  });

  it("is restored in the background after a crash, and only looked for after an orderly stop", async () => {
    await using sidecar = await scriptedSidecar();
    const asked: boolean[] = [];
    let looked: () => void = () => undefined;
    const locate = ({ mayStart }: { mayStart: boolean }) => {
      asked.push(mayStart);
      looked();
      return sidecar.locate();
    };
    await using client = ana(sidecar, { locate });

    await client.join();
    await sidecar.next("HELLO");
    sidecar.cut();
    await sidecar.next("HELLO");
    const orderly = new Promise<void>((resolve) => (looked = resolve));
    sidecar.close(1012);
    await orderly;

    expect(asked).toEqual([true, true, false]);
  });

  it("lets a caller start what the background only looks for", async () => {
    await using sidecar = await scriptedSidecar();
    let looked: () => void = () => undefined;
    const looking = new Promise<void>((resolve) => (looked = resolve));
    const locate = ({ mayStart }: { mayStart: boolean }) => {
      if (mayStart) return sidecar.locate();
      looked();
      return Promise.resolve(undefined);
    };
    await using client = ana(sidecar, { locate });

    await client.join();
    sidecar.close(1012);
    await looking;
    const hellos = sidecar.heard.length;
    const asked = client.query({ kind: "summary" });
    const question = await sidecar.next("SIGNALBOX_QUERY");
    sidecar.send(question, { type: "SIGNALBOX_ANSWER", query_id: question.id, error: "no" });

    expect(hellos).toBe(1);
    await expect(asked).rejects.toMatchObject({ name: "QueryRefused", message: "no" });
  });

  it("is taken as broken when the coordinator has forgotten its participant", async () => {
    await using sidecar = await scriptedSidecar();
    await using client = ana(sidecar);

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    sidecar.refuse(await sidecar.next("INTENT_ANNOUNCE"), "session/not-joined");
    sidecar.ack(await sidecar.next("INTENT_ANNOUNCE"), { revision: 2 });

    expect(await sent).toEqual({ ok: true, ack: { revision: 2 } });
    expect(sidecar.heard.filter(({ type }) => type === "HELLO")).toHaveLength(2);
  });

  it("is noticed by a ping that nobody answers", async () => {
    await using sidecar = await scriptedSidecar({ autoPong: false });
    await using client = ana(sidecar, { limits: { pingMs: 5 } });

    await client.join();
    const first = await sidecar.next("HELLO");
    const second = await sidecar.next("HELLO");

    expect(second.socket).not.toBe(first.socket);
  });
});

describe("what it knows and tells while it is there", () => {
  const holding = (intent_id: string, fence: number) => ({
    intent_id,
    fence,
    state: "ACTIVE",
    objective: "o",
    resources: [],
    expires_at: "",
  });

  it("own intents come from SESSION_INFO, acknowledgements and the coordinator's word", async () => {
    const signalbox = { control: 1, version: "0.1.0", revision: 1, workspace_dir: "/w", intents: [holding("i0", 3), holding("i7", 4)] };
    await using sidecar = await scriptedSidecar({ info: { extensions: { signalbox } } });
    await using client = ana(sidecar);
    const fences = () => Object.fromEntries([...client.intents.values()].map(({ intentId, fence }) => [intentId, fence]));

    await client.join();
    const known = fences();
    const sent = client.send("INTENT_ANNOUNCE", announcement);
    const heard = await sidecar.next("INTENT_ANNOUNCE");
    sidecar.say(heard, "INTENT_WITHDRAW", { intent_id: "i7", reason: "expired" });
    sidecar.ack(heard, { revision: 2, fence: 9, superseded: ["i0"] });
    await sent;
    const announced = fences();
    const withdrawing = client.send("INTENT_WITHDRAW", { intent_id: "i1" });
    sidecar.ack(await sidecar.next("INTENT_WITHDRAW"));
    await withdrawing;

    expect([known, announced, fences()]).toEqual([{ i0: 3, i7: 4 }, { i1: 9 }, {}]);
  });

  it("beats at the session's interval, with the work in hand, and its Lamport value rises above what it hears", async () => {
    await using sidecar = await scriptedSidecar({ info: { liveness_policy: { heartbeat_interval_sec: 0.01 } } });
    await using client = ana(sidecar);

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    sidecar.ack(await sidecar.next("INTENT_ANNOUNCE"), { revision: 2, fence: 1 });
    await sent;
    await sidecar.next("HEARTBEAT");
    await sidecar.next("HEARTBEAT");

    const values = sidecar.heard.map(({ frame }) => (frame["watermark"] as { value: number }).value);
    expect(sidecar.heard.at(-1)?.payload).toEqual({ status: "working" });
    expect(values[0]).toBe(1);
    expect(values[1]).toBeGreaterThan(1024);
    expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
  });
});

it("drops what a coordinator of before still says", async () => {
  await using sidecar = await scriptedSidecar();
  const heard: unknown[] = [];
  await using client = ana(sidecar, { onEnvelope: ({ payload }) => heard.push(payload["event"]) });
  const joining = client.join();
  const hello = await sidecar.next("HELLO");
  await joining;

  for (const [event, epoch] of Object.entries({ assumed: 3, heartbeat: 2, recovered: 4 }))
    sidecar.say(hello, "COORDINATOR_STATUS", { event }, { coordinator_epoch: epoch });
  const asked = client.query({ kind: "summary" }).catch(() => undefined);
  const question = await sidecar.next("SIGNALBOX_QUERY");
  sidecar.send(question, { type: "SIGNALBOX_ANSWER", query_id: question.id, error: "no" });
  await asked;

  expect(heard).toEqual(["assumed", "recovered"]);
});

describe("leaving", () => {
  it("says GOODBYE with its disposition and ends when the coordinator closes", async () => {
    await using sidecar = await scriptedSidecar();
    const client = ana(sidecar, { limits: { goodbyeMs: 30_000 } });

    await client.join();
    const closing = client.close("transfer");
    const goodbye = await sidecar.next("GOODBYE");
    await closing;

    expect(goodbye.payload).toEqual({ reason: "user_exit", intent_disposition: "transfer" });
    await expect(client.join()).rejects.toThrow("closed");
  });

  it("waits no longer than its limit for the answer, and what was under way has an unknown outcome", async () => {
    await using sidecar = await scriptedSidecar({ letsGo: false });
    const client = ana(sidecar, { limits: { goodbyeMs: 5 } });

    const sent = client.send("INTENT_ANNOUNCE", announcement);
    await sidecar.next("INTENT_ANNOUNCE");
    const closing = client.close("withdraw");

    await expect(sent).rejects.toMatchObject({ name: "OutcomeUnknown" });
    await closing;
    await client.close("withdraw");
  });

  it("comes back to say so when its connection was just cut, and starts nothing for that", async () => {
    await using sidecar = await scriptedSidecar();
    const asked: boolean[] = [];
    const locate = ({ mayStart }: { mayStart: boolean }) => {
      asked.push(mayStart);
      return sidecar.locate();
    };
    const client = ana(sidecar, { locate, limits: { goodbyeMs: 30_000, firstDelayMs: 60_000, mostDelayMs: 60_000 } });
    await client.join();
    sidecar.cut();
    while (client.isJoined) await new Promise((resolve) => setImmediate(resolve));

    const closing = client.close("transfer");
    const goodbye = await sidecar.next("GOODBYE");
    await closing;

    expect(goodbye.payload).toEqual({ reason: "user_exit", intent_disposition: "transfer" });
    expect(asked).toEqual([true, false]);
  });

  it("needs no connection and makes none", async () => {
    await using sidecar = await scriptedSidecar();
    const client = ana(sidecar);

    await client.close("withdraw");

    expect(sidecar.heard).toEqual([]);
  });
});
