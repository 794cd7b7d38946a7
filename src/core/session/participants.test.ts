/** Who is there under which name: joining, coming back, falling silent, leaving. */
import { describe, expect, it } from "vitest";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { session } from "./session.ts";
import type { SessionFacts } from "./verdict.ts";
import {
  acceptedOf,
  ANA_TREE,
  BO_TREE,
  eventOf,
  files,
  gist,
  type Play,
  play,
  playWith,
  rejectionOf,
  signalbox,
  START_MS,
} from "./session.test.fixture.ts";

const participant = (played: Play, principal: string) => played.state.participants.get(principal as PrincipalId);
const presentIn = (played: Play): string[] => Array.from(session.present(played.state), ({ principal }) => principal);
const hello = (played: Play, principal: string, connected: readonly string[], payload: JsonObject = {}) =>
  played.says(principal, "HELLO", payload, {}, { connected });
const lapse = (played: Play, principal = "ana") => played.gives({ type: "ParticipantLapsed", principal, lastHeardAtMs: played.nowMs });
const announce = (played: Play, principal: string, id: string, path = "a.ts") =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(path) });

describe("joining", () => {
  it("records who it is, where it works and whether it speaks our extension", () => {
    const worktree = { id: ANA_TREE, path: "/w/ana", branch: "main" };
    const decision = play().says("ana", "HELLO", { display_name: "Ana", roles: ["contributor"], ...signalbox({ worktree }) });

    expect(eventOf(decision, "ParticipantJoined")).toEqual({
      type: "ParticipantJoined",
      principalId: "ana",
      principalType: "agent",
      instanceId: "ana:1",
      displayName: "Ana",
      roles: ["contributor"],
      worktree,
      extended: true,
    });
  });

  it("needs nothing but a name", () => {
    const decision = play().says("ana", "HELLO");

    expect(eventOf(decision, "ParticipantJoined")).toMatchObject({ displayName: "ana", roles: [], extended: false });
  });

  it.each([
    ["a zero-width character", "ana\u200b", true],
    ["a control character", "an\u0007a", true],
    ["an embedding that turns the direction", "ana\u202e", true],
    ["a line separator", "ana\u2028bo", true],
    ["white space before it", " ana", true],
    ["white space behind it", "ana\u00a0", true],
    ["white space inside it", "ana of 7", false],
    ["letters of other scripts", "агент-张", false],
  ])("under a name with %s (%j) is malformed: %s", (_, name, malformed) => {
    expect(gist(play().says(name, "HELLO"))).toEqual(malformed ? "message/malformed" : ["ParticipantJoined"]);
  });

  it("is not for the coordinator's own name", () => {
    expect(gist(play().says("service:coordinator-s", "HELLO"))).toBe("principal/name-taken");
  });

  it.each([
    { asks: "ana", connected: ["ana"], suggested: "ana#2" },
    { asks: "ana", connected: ["ana", "ana#2"], suggested: "ana#3" },
    { asks: "ana#2", connected: ["ana", "ana#2"], suggested: "ana#3" },
    { asks: "ana", connected: ["ana", "ana#3"], suggested: "ana#2" },
    { asks: "ana#2", connected: ["ana#2"], suggested: "ana#3" },
  ])("as $asks while $connected are connected is refused with the free name $suggested", ({ asks, connected, suggested }) => {
    const decision = hello(play(), asks, connected);

    expect(rejectionOf(decision)).toMatchObject({ code: "principal/name-taken", details: { suggested } });
    expect(rejectionOf(decision).message).toBe(`${asks} is connected already; join as ${suggested}`);
  });

  it("under the suggested name makes a participant of its own", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");

    const decision = hello(played, "ana#2", ["ana"]);

    expect(gist(decision)).toEqual(["ParticipantJoined"]);
    expect(gist(announce(played, "ana#2", "k"))).toBe("intent/held");
  });

  it("under the name of somebody who is gone is that principal, back, with its intents as it left them", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");
    announce(played, "ana", "k", "b.ts");
    lapse(played);
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "k" });

    const decision = hello(played, "ana", []);

    expect(acceptedOf(decision)).toContainEqual({ type: "IntentRestored", intentId: "i", fence: 3 });
    expect([...(participant(played, "ana")?.intents ?? [])]).toEqual(["i"]);
  });

  describe("of a client whose program is known", () => {
    const [ana, bo] = [
      { pid: 10, started_at: "1" },
      { pid: 20, started_at: "2" },
    ];
    const join = (played: Play, id: string, host: JsonObject, facts: SessionFacts, instance = "new") =>
      played.says(id, "HELLO", signalbox({ host }), { sender: { principal_id: id, sender_instance_id: `${id}:${instance}` } }, facts);
    /** Ana's client is `x`, bo's is `x#2`; both bridges are gone. */
    const both = () => {
      const played = play();
      join(played, "x", ana, {}, "old");
      join(played, "x#2", bo, { connected: ["x"] }, "old");
      return played;
    };

    it.each<{ name: string; id: string; host: JsonObject; facts: SessionFacts; gives: string }>([
      { name: "gets its own name back", id: "x", host: ana, facts: {}, gives: "joined" },
      { name: "gets its own name first, although another is free", id: "x", host: bo, facts: {}, gives: "x#2" },
      { name: "gets its own name first, although the other client lives", id: "x", host: bo, facts: { living: ["x"] }, gives: "x#2" },
      { name: "does not get the name of a client that lives", id: "x", host: { pid: 30 }, facts: { living: ["x"] }, gives: "x#3" },
      { name: "gets the name of a client that is gone", id: "x", host: { pid: 30 }, facts: { living: ["x#2"] }, gives: "joined" },
      {
        name: "is another one when the process id was given again",
        id: "x",
        host: { pid: 10, started_at: "9" },
        facts: {},
        gives: "joined",
      },
      { name: "gets a new name beside its own connected one", id: "x", host: ana, facts: { connected: ["x"] }, gives: "x#3" },
    ])("$name", ({ id, host, facts, gives }) => {
      const living = facts.living ?? [];
      const decision = join(both(), id, host, { ...facts, living: [...living, ...(gives === "x#3" ? ["x#2"] : [])] });

      expect("rejected" in decision ? decision.rejected.details?.["suggested"] : "joined").toBe(gives);
    });

    it("keeps no name once it has said goodbye and left nothing behind", () => {
      const played = both();
      played.says("x#2", "GOODBYE", {}, { sender: { principal_id: "x#2" } });

      expect(gist(join(played, "x", bo, {}))).toEqual(["ParticipantJoined"]);
    });

    it("is the same when the same instance reconnects, whatever the machine says of its program", () => {
      const played = both();

      expect(gist(join(played, "x", { pid: 99 }, { living: ["x"] }, "old"))).toEqual(["ParticipantJoined"]);
    });
  });

  it("must come before anything else", () => {
    const types = ["HEARTBEAT", "GOODBYE", "INTENT_ANNOUNCE", "INTENT_UPDATE", "INTENT_WITHDRAW", "OP_COMMIT", "OP_SUPERSEDE"] as const;
    const everything = { intent_id: "i", scope: files("a"), op_id: "o", supersedes_op_id: "p", target: "a" };

    const given = types.map((type) => gist(play().says("ana", type, everything)));

    expect(new Set(given)).toEqual(new Set(["session/not-joined"]));
  });

  it("must come again after leaving", () => {
    const played = playWith(["ana"]);
    played.says("ana", "GOODBYE");

    expect(gist(announce(played, "ana", "i"))).toBe("session/not-joined");
    expect(gist(played.says("ana", "HELLO"))).toEqual(["ParticipantJoined"]);
    expect(gist(announce(played, "ana", "i"))).toEqual(["IntentAnnounced"]);
  });
});

describe("a heartbeat", () => {
  const worktree = { id: ANA_TREE, path: "/w/ana", branch: "main", head: "1" };
  const inTree = (more: JsonObject = {}) => signalbox({ worktree: { ...worktree, ...more } });

  it.each<readonly [string, JsonObject, unknown]>([
    ["nothing", {}, "standing"],
    ["the same status", { status: "idle" }, "standing"],
    ["another status", { status: "working" }, ["ParticipantStatus"]],
    ["a summary", { summary: "s" }, ["ParticipantStatus"]],
    ["an active intent", { active_intent_id: "i" }, ["ParticipantStatus"]],
    ["the same worktree", inTree(), "standing"],
    ["another branch", inTree({ branch: "topic" }), ["ParticipantStatus"]],
    ["another commit", inTree({ head: "2" }), ["ParticipantStatus"]],
    ["a detached HEAD", signalbox({ worktree: { id: ANA_TREE, path: "/w/ana", head: "1" } }), ["ParticipantStatus"]],
    ["the branch of another worktree", inTree({ id: BO_TREE, branch: "topic" }), "standing"],
  ])("that says %s is recorded only when others could see it: %#", (_, payload, gives) => {
    const played = play();
    played.says("ana", "HELLO", inTree());

    expect(gist(played.says("ana", "HEARTBEAT", payload))).toEqual(gives);
    expect(gist(played.says("ana", "HEARTBEAT", payload))).toBe("standing");
  });

  it("of somebody who named no worktree records no branch, however often", () => {
    const played = playWith(["ana"]);

    expect(gist(played.says("ana", "HEARTBEAT", inTree()))).toBe("standing");
  });

  it("changes what the participant shows and keeps what it does not mention", () => {
    const played = play();
    played.says("ana", "HELLO", inTree());
    played.says("ana", "HEARTBEAT", { status: "working", summary: "s" });
    played.says("ana", "HEARTBEAT", inTree({ branch: "topic" }));

    expect(participant(played, "ana")).toMatchObject({ status: "working", summary: "s", worktree: { ...worktree, branch: "topic" } });
  });
});

describe("falling silent", () => {
  it("suspends the intents once, and is not repeated", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");

    const decision = lapse(played);

    expect(acceptedOf(decision).slice(0, -1)).toEqual([
      { type: "ParticipantLapsed", principalId: "ana", lastHeardAtMs: START_MS },
      { type: "IntentSuspended", intentId: "i", reason: "owner_unavailable" },
    ]);
    expect(gist(lapse(played))).toBe("standing");
    expect(participant(played, "ana")).toMatchObject({ presence: "unavailable", status: "offline" });
    expect(presentIn(played)).toEqual([]);
  });

  it.each(["left", "unknown"])("is nothing for somebody who is %s", (who) => {
    const played = playWith(["left"]);
    played.says("left", "GOODBYE");

    expect(gist(lapse(played, who))).toBe("standing");
  });

  it("ends with a heartbeat, which need not say anything", () => {
    const played = playWith(["ana"]);
    lapse(played);
    played.skip(5_000);

    const decision = played.says("ana", "HEARTBEAT", {});

    expect(gist(decision)).toEqual(["ParticipantStatus"]);
    expect(participant(played, "ana")).toMatchObject({ presence: "available", status: "idle", sinceMs: START_MS + 5_000 });
    expect(presentIn(played)).toEqual(["ana"]);
  });

  it("ends with a heartbeat that says what it showed already", () => {
    const played = playWith(["ana"]);
    lapse(played);

    played.says("ana", "HEARTBEAT", { status: "offline" });

    expect(participant(played, "ana")?.presence).toBe("available");
  });

  it("does not end with another message, and what that announces is suspended at the next silence", () => {
    const played = playWith(["ana"]);
    lapse(played);
    announce(played, "ana", "i");
    expect(participant(played, "ana")?.presence).toBe("unavailable");
    expect(presentIn(played)).toEqual(["ana"]);

    const decision = lapse(played);

    expect(gist(decision)).toEqual(["ParticipantLapsed", "IntentSuspended"]);
    expect(presentIn(played)).toEqual([]);
  });

  it("matters from the moment of joining on", () => {
    const played = playWith([], { unavailability_timeout_sec: 7 });
    played.skip(1_000);
    played.says("ana", "HELLO");

    expect([...session.present(played.state)]).toEqual([{ principal: "ana", maySilentMs: 7_000, sinceMs: START_MS + 1_000 }]);
  });
});

describe("leaving", () => {
  it.each([
    ["an unknown disposition withdraws", "whatever", "WITHDRAWN"],
    ["no disposition withdraws", undefined, "WITHDRAWN"],
    ["transfer suspends", "transfer", "SUSPENDED"],
    ["expire leaves the intents to their time", "expire", "ACTIVE"],
  ])("with %s", (_, disposition, state) => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");

    played.says("ana", "GOODBYE", { reason: "done", ...(disposition === undefined ? {} : { intent_disposition: disposition }) });

    expect(participant(played, "ana")).toMatchObject({ presence: "left", status: "offline" });
    expect(played.state.intents.get("i" as never)?.state).toBe(state);
    expect(presentIn(played)).toEqual([]);
  });

  it("with transfer is undone by coming back", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");
    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });

    expect(gist(played.says("ana", "HELLO"))).toEqual(["ParticipantJoined", "IntentRestored"]);
  });
});
