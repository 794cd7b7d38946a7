/** Whose turn it is while the connection of somebody who waits is gone: nobody holds what nobody is there to work on. */
import { describe, expect, it } from "vitest";
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { ANA_TREE, files, gist, type Play, playWith, signalbox } from "./session.test.fixture.ts";

const SECOND = 1_000;

const announce = (played: Play, principal: string, id: string, more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files("a.ts"), ...more });
const waits = (played: Play, principal: string, id: string) => announce(played, principal, id, signalbox({ on_overlap: "wait" }));
const withdraws = (played: Play, principal: string, id: string) => played.says(principal, "INTENT_WITHDRAW", { intent_id: id });
const loses = (played: Play, principal: string) => played.gives({ type: "ConnectionLost", principal });
const stateOf = (played: Play, id: string): string | undefined => played.state.intents.get(id as IntentId)?.state;

/** ana is at work on a.ts; bo waits for it, then cy. */
function row(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  announce(played, "ana", "a");
  waits(played, "bo", "b");
  waits(played, "cy", "c");
  return played;
}

describe("whoever waits and has no connection", () => {
  it("is passed over when the scope is free, and keeps its place", () => {
    const played = row();

    loses(played, "bo");
    withdraws(played, "ana", "a");
    played.pass(0);

    expect([stateOf(played, "b"), stateOf(played, "c")]).toEqual([undefined, "ACTIVE"]);
    expect([...played.state.waiting.keys()]).toEqual(["b"]);
  });

  it.each<readonly [string, (played: Play) => void]>([
    ["joins again", (played) => void played.says("bo", "HELLO")],
    ["is heard again", (played) => void played.says("bo", "HEARTBEAT", { status: "idle" })],
  ])("has its turn at once when it %s and the scope is free", (_, comes) => {
    const played = row();
    loses(played, "bo");
    played.says("cy", "GOODBYE");
    withdraws(played, "ana", "a");
    played.pass(1 * SECOND);
    expect(stateOf(played, "b")).toBeUndefined();

    comes(played);
    played.pass(0);

    expect(stateOf(played, "b")).toBe("ACTIVE");
  });

  it("comes before those behind it again when it is back in time", () => {
    const played = row();
    loses(played, "bo");
    played.says("bo", "HELLO");

    withdraws(played, "ana", "a");
    played.pass(0);

    expect([stateOf(played, "b"), stateOf(played, "c")]).toEqual(["ACTIVE", undefined]);
  });

  it("is not back because the coordinator sees what is checked out where it works", () => {
    const played = row();
    const worktree = { id: ANA_TREE, path: "/repo" };
    const head = "1".repeat(40);
    played.says("bo", "HELLO", signalbox({ worktree }));
    loses(played, "bo");

    played.says("bo", "HEARTBEAT", signalbox({ worktree: { ...worktree, head } }), {}, { observed: true });
    withdraws(played, "ana", "a");
    played.pass(0);

    expect([stateOf(played, "b"), stateOf(played, "c")]).toEqual([undefined, "ACTIVE"]);
    expect(played.state.participants.get("bo" as never)?.worktree?.head).toBe(head);
  });

  it("is in nobody's way who comes while the scope is free", () => {
    const played = row();
    loses(played, "bo");
    loses(played, "cy");
    withdraws(played, "ana", "a");

    expect(gist(waits(played, "ana", "a2"))).toContain("IntentAnnounced");
  });

  it("gives way at once when nothing but it stood before another", () => {
    const played = playWith(["ana", "bo", "cy"]);
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: files("b.ts") });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("a.ts", "b.ts"), ...signalbox({ on_overlap: "wait" }) });
    waits(played, "cy", "c");
    expect(stateOf(played, "c")).toBeUndefined();

    loses(played, "bo");
    played.pass(0);

    expect(stateOf(played, "c")).toBe("ACTIVE");
  });

  it("loses its place in its time, as anybody does", () => {
    const played = row();
    loses(played, "bo");

    played.pass(120 * SECOND);

    expect(played.state.waiting.has("b" as IntentId)).toBe(false);
  });
});

it.each<readonly [string, (played: Play) => unknown, string]>([
  ["of somebody who holds and does not wait", (played) => loses(played, "ana"), "standing"],
  ["that is known already", (played) => (loses(played, "bo"), loses(played, "bo")), "standing"],
  ["of somebody who has left", (played) => (played.says("bo", "GOODBYE"), loses(played, "bo")), "standing"],
  ["of nobody", (played) => loses(played, "dee"), "standing"],
])("a lost connection %s is no record", (_, lose, word) => {
  const played = row();

  expect(gist(lose(played) as ReturnType<typeof loses>)).toBe(word);
});

it("passes over whoever fell silent, waits all the same and is gone then, and takes it for no more present than it was", () => {
  const played = row();
  played.gives({ type: "ParticipantLapsed", principal: "bo", lastHeardAtMs: 0 });
  waits(played, "bo", "b2");

  loses(played, "bo");
  withdraws(played, "ana", "a");
  withdraws(played, "cy", "c");
  played.pass(0);

  expect(stateOf(played, "b2")).toBeUndefined();
  expect(played.state.participants.get("bo" as never)).toMatchObject({ presence: "unavailable", away: true });
});

it("takes nothing from somebody's work that its connection is gone while it waits for more", () => {
  const played = row();
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b2", scope: files("z.ts") });
  played.says("bo", "HEARTBEAT", { status: "working", summary: "on it" });

  loses(played, "bo");

  expect(stateOf(played, "b2")).toBe("ACTIVE");
  const { presence, status, summary, away } = played.state.participants.get("bo" as never) ?? {};
  expect({ presence, status, summary, away }).toEqual({ presence: "available", status: "working", summary: "on it", away: true });
});
