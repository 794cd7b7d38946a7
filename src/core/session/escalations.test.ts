/** Whom a conflict is brought before when nobody, or nobody able, is named. */
import { describe, expect, it } from "vitest";
import type { ConflictId } from "../../wire/ids.ts";
import { acceptedOf, files, type Play, play, rejectionOf, resultOf } from "./session.test.fixture.ts";

/** ana and bo are in conflict `c`; the others have the roles given. */
function quarrel(others: Readonly<Record<string, readonly string[]>>): Play {
  const played = play();
  for (const [principal, roles] of Object.entries({ ana: [], bo: [], ...others })) played.says(principal, "HELLO", { roles: [...roles] });
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
  played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"] });
  return played;
}

const escalated = (played: Play) => played.state.conflicts.get("c" as ConflictId)?.escalatedTo;

describe("an escalation to nobody in particular", () => {
  it("goes to the one arbiter who is there, and says to whom it went", () => {
    const played = quarrel({ cy: ["arbiter"], dee: ["owner"], eve: ["arbiter"] });
    played.says("eve", "GOODBYE");

    const decision = played.says("ana", "CONFLICT_ESCALATE", { conflict_id: "c", reason: "we disagree", context: "x" });

    expect(acceptedOf(decision)[0]).toEqual({ type: "ConflictEscalated", conflictId: "c", by: "ana", to: "cy", reason: "we disagree" });
    expect(resultOf(decision)).toEqual({ escalated_to: "cy" });
    expect(escalated(played)).toBe("cy");
  });

  it.each([
    ["several arbiters are there", { cy: ["arbiter"], dee: ["arbiter"] }, "message/malformed", ["cy", "dee"]],
    ["only owners are there", { cy: ["owner"] }, "principal/unknown", ["cy"]],
    ["nobody with authority is there", {}, "principal/unknown", []],
  ])("is refused when %s, with those who could decide", (_, others, code, candidates) => {
    const rejection = rejectionOf(quarrel(others).says("ana", "CONFLICT_ESCALATE", { conflict_id: "c" }));

    expect([rejection.code, rejection.details]).toEqual([code, { candidates }]);
  });
});

it("names those who could decide when the one named could not, or is gone", () => {
  const played = quarrel({ cy: ["arbiter"], dee: ["arbiter", "owner"] });
  played.says("dee", "GOODBYE");

  const said = ["bo", "dee"].map((to) => rejectionOf(played.says("ana", "CONFLICT_ESCALATE", { conflict_id: "c", escalate_to: to })));

  expect(said.map(({ code, details }) => [code, details])).toEqual([
    ["principal/no-authority", { candidates: ["cy"] }],
    ["principal/unknown", { candidates: ["cy"] }],
  ]);
});

it("takes an owner who is away only, and waits for him", () => {
  const played = quarrel({ cy: ["owner"] });
  played.gives({ type: "ParticipantLapsed", principal: "cy", lastHeardAtMs: 0 });

  played.says("ana", "CONFLICT_ESCALATE", { conflict_id: "c", escalate_to: "cy" });

  expect(escalated(played)).toBe("cy");
});
