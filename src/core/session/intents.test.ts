/** What an intent says, what it holds and how far that may go; which event makes what of it is in `intent-machine.test.ts`. */
import { describe, expect, it } from "vitest";
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import {
  acceptedOf,
  eventOf,
  files,
  gist,
  type Play,
  playWith,
  rejectionOf,
  resultOf,
  signalbox,
  START_MS,
} from "./session.test.fixture.ts";

const intent = (id: string, path = "a.ts", more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: "o",
  scope: files(path),
  ...more,
});
const stateOf = (played: Play, id: string): string => played.state.intents.get(id as IntentId)?.state ?? "none";
const lapse = (played: Play) => played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: played.nowMs });

describe("another's intent", () => {
  it.each([
    ["INTENT_UPDATE", { intent_id: "i", ttl_sec: 1 }, "intent/not-owner"],
    ["INTENT_WITHDRAW", { intent_id: "i" }, "intent/not-owner"],
    ["INTENT_ANNOUNCE", intent("k", "z.ts", { supersedes_intent_id: "i" }), "intent/not-owner"],
  ] as const)("is not for bo to change by %s", (type, payload, code) => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));

    const decision = played.says("bo", type, payload);

    expect(gist(decision)).toBe(code);
    expect(stateOf(played, "i")).toBe("ACTIVE");
  });
});

describe("a declaration", () => {
  it("lives as long as it says, else as long as the session's settings say", () => {
    const played = playWith(["ana"], { intent_ttl_sec: 900 });

    const own = played.says("ana", "INTENT_ANNOUNCE", intent("i", "a.ts", { ttl_sec: 0.5 }));
    const usual = played.says("ana", "INTENT_ANNOUNCE", intent("k", "b.ts"));

    expect(eventOf(own, "IntentAnnounced").expiresAtMs).toBe(START_MS + 500);
    expect(eventOf(usual, "IntentAnnounced").expiresAtMs).toBe(START_MS + 900_000);
  });

  it("begins its time to live anew with each update, as long as before unless the update says otherwise", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("i", "a.ts", { ttl_sec: 100 }));
    played.pass(90_000);

    const same = played.says("ana", "INTENT_UPDATE", { intent_id: "i", objective: "another" });
    const longer = played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 200 });

    expect(eventOf(same, "IntentUpdated")).toMatchObject({ expiresAtMs: START_MS + 190_000, ttlSec: 100, objective: "another" });
    expect(eventOf(longer, "IntentUpdated")).toMatchObject({ expiresAtMs: START_MS + 290_000, ttlSec: 200 });
    expect(played.state.intents.get("i" as IntentId)).toMatchObject({ objective: "another", ttlSec: 200 });
  });

  it("is renewed while there is work from an update on that says so, which is recorded once", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("i", "a.ts"));
    const update = (renews: boolean) =>
      played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 200, extensions: { signalbox: { renews } } });

    const updates = [false, true, true, false].map((renews) => "renews" in eventOf(update(renews), "IntentUpdated"));

    expect(updates).toEqual([false, true, false, false]);
    expect(played.state.intents.get("i" as IntentId)?.renews).toBe(true);
  });

  it("is recorded with normalised paths and otherwise as it came", () => {
    const played = playWith(["ana"]);

    const decision = played.says("ana", "INTENT_ANNOUNCE", {
      intent_id: "i",
      scope: { kind: "file_set", resources: ["./src//a.ts", "src/a.ts", "lib/"], extensions: { mine: 1 } },
    });

    const { scope } = eventOf(decision, "IntentAnnounced");
    expect(scope).toEqual({ kind: "file_set", resources: ["src/a.ts", "lib"], extensions: { mine: 1 } });
  });

  it.each([
    ["a path outside the workspace", ["../x"]],
    ["more than 64 patterns", Array.from({ length: 65 }, (_, index) => `d${index}/*`)],
    ["a pattern of more than 512 characters", [`${"d/".repeat(256)}*`]],
  ])("with %s is refused", (_, resources) => {
    const decision = playWith(["ana"]).says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files(...resources) });

    expect(gist(decision)).toBe("scope/refused");
  });

  it("counts a pattern that is written twice once", () => {
    const decision = playWith(["ana"]).says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files(...Array(65).fill("d/*")) });

    expect(eventOf(decision, "IntentAnnounced").scope.resources).toEqual(["d/*"]);
  });
});

describe("the fencing token", () => {
  it("rises with each announcement and each return from suspension, over all intents, and with nothing else", () => {
    const played = playWith(["ana", "bo"]);
    const first = resultOf(played.says("ana", "INTENT_ANNOUNCE", intent("i")));
    const second = resultOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", "b.ts")));
    const updated = resultOf(played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 60 }));
    lapse(played);

    const back = acceptedOf(played.says("ana", "HEARTBEAT", {}));
    const next = resultOf(played.says("bo", "INTENT_ANNOUNCE", intent("l", "c.ts")));

    expect([first["fence"], second["fence"], updated["fence"]]).toEqual([1, 2, 1]);
    expect(back).toContainEqual({ type: "IntentRestored", intentId: "i", fence: 3 });
    expect(next["fence"]).toBe(4);
  });

  it("is a different one for each of several intents that come back together", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    played.says("ana", "INTENT_ANNOUNCE", intent("k", "b.ts"));
    lapse(played);

    const back = acceptedOf(played.says("ana", "HELLO", {}));

    expect(back.flatMap((event) => (event.type === "IntentRestored" ? [[event.intentId, event.fence]] : []))).toEqual([
      ["i", 3],
      ["k", 4],
    ]);
  });
});

it("tells the owner which of its intents an announcement has replaced", () => {
  const played = playWith(["ana"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("i"));
  played.says("ana", "INTENT_ANNOUNCE", intent("j", "b.ts"));

  const decision = played.says("ana", "INTENT_ANNOUNCE", intent("k", "a.ts", { supersedes_intent_id: "j" }));

  expect(resultOf(decision)).toEqual({ fence: 3, conflicts: [], superseded: ["i", "j"] });
  expect(played.state.intents.get("i" as IntentId)).toMatchObject({ state: "SUPERSEDED", supersededBy: "k", endReason: "superseded" });
});

it("holds the files under resources of a scope of any kind", () => {
  const played = playWith(["ana", "bo"]);
  const announced = played.says("ana", "INTENT_ANNOUNCE", {
    intent_id: "i",
    scope: { kind: "task_set", task_ids: ["t"], resources: ["./a.ts"] },
  });

  const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", "a.ts", signalbox({ on_overlap: "block" })));

  expect(eventOf(announced, "IntentAnnounced").scope).toEqual({ kind: "task_set", task_ids: ["t"], resources: ["a.ts"] });
  expect(gist(decision)).toBe("intent/held");
});

it("records a scope of a kind without resources as it came, and it meets no file that it does not name", () => {
  const played = playWith(["ana", "bo"]);
  const scope = { kind: "entity_set", entities: ["login", "b.ts"], note: { kept: true } };
  const announced = played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope });

  const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", "a.ts"));

  expect(eventOf(announced, "IntentAnnounced").scope).toEqual(scope);
  expect(gist(decision)).toEqual(["IntentAnnounced"]);
});

describe("a scope's size", () => {
  const paths = (characters: number) => Array.from({ length: characters / 1000 }, (_, index) => String(index).padEnd(1000, "x"));

  it.each([
    ["of 200,000 characters is taken", { kind: "file_set", resources: paths(200_000) }, ["IntentAnnounced"]],
    ["beyond that is refused", { kind: "file_set", resources: [...paths(200_000), "y"] }, "scope/refused"],
    ["counts what it says beside its resources", { kind: "entity_set", entities: [...paths(200_000), "z"] }, "scope/refused"],
  ])("%s", (_, scope, expected) => {
    expect(gist(playWith(["ana"]).says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope }))).toEqual(expected);
  });
});

describe("the patterns that one principal holds", () => {
  const globs = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}/${index}*`);

  function heldByAna(): Play {
    const played = playWith(["ana", "bo"]);
    for (const name of ["a", "b", "c", "d"]) played.says("ana", "INTENT_ANNOUNCE", { intent_id: name, scope: files(...globs(name, 64)) });
    return played;
  }

  it("are 256 at most, whatever others hold and whatever plain paths there are", () => {
    const played = heldByAna();

    const more = played.says("ana", "INTENT_ANNOUNCE", intent("e", "e/*"));
    const plain = played.says("ana", "INTENT_ANNOUNCE", intent("f", "f"));
    const others = played.says("bo", "INTENT_ANNOUNCE", intent("g", "g/*"));

    expect(rejectionOf(more)).toMatchObject({ code: "scope/refused", message: expect.stringContaining("yield tasks") });
    expect([gist(plain), gist(others)]).toEqual([["IntentAnnounced"], ["IntentAnnounced"]]);
  });

  it("are not those of an intent that the same message replaces or changes", () => {
    const played = heldByAna();

    const replaced = played.says("ana", "INTENT_ANNOUNCE", { intent_id: "e", scope: files("a/0*", ...globs("e", 63)) });
    const changed = played.says("ana", "INTENT_UPDATE", { intent_id: "b", scope: files(...globs("h", 64)) });

    expect([gist(replaced), gist(changed)]).toEqual([["IntentEnded", "IntentAnnounced"], ["IntentUpdated"]]);
  });

  it("are not widened beyond that by an update", () => {
    const played = heldByAna();
    played.says("ana", "INTENT_ANNOUNCE", intent("e", "e"));

    const decision = played.says("ana", "INTENT_UPDATE", { intent_id: "e", scope: files("e/*") });

    expect(gist(decision)).toBe("scope/refused");
  });

  it("are free again when their task is withdrawn", () => {
    const played = heldByAna();
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });

    expect(gist(played.says("ana", "INTENT_ANNOUNCE", { intent_id: "e", scope: files(...globs("e", 64)) }))).toEqual(["IntentAnnounced"]);
  });
});
