/** What becomes of everything that somebody began, when it leaves or falls silent. */
import { describe, expect, it } from "vitest";
import type { ClaimId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { session } from "./session.ts";
import { acceptedOf, files, gist, type Play, playWith, signalbox } from "./session.test.fixture.ts";

const announce = (played: Play, principal: string, id: string, more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(`${id}.ts`), ...more });
const lapse = (played: Play, principal: string) => played.gives({ type: "ParticipantLapsed", principal, lastHeardAtMs: 0 });

/**
 * bo has an intent with a proposal of its own and one of ana's, a suspended task of cy's claimed, a deferral and a place in
 * a row; ana defers to bo.
 */
function involved(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  announce(played, "ana", "a");
  announce(played, "bo", "b");
  announce(played, "cy", "c");
  lapse(played, "cy");
  played.says("bo", "OP_PROPOSE", { op_id: "own", target: "b.ts", intent_id: "b" });
  played.says("bo", "OP_PROPOSE", { op_id: "free", target: "free.ts" });
  played.says("ana", "OP_PROPOSE", { op_id: "ana's", target: "b.ts", intent_id: "b" });
  played.says("bo", "INTENT_CLAIM", { claim_id: "k", original_intent_id: "c", new_intent_id: "n" });
  played.says("bo", "INTENT_DEFERRED", { deferral_id: "d", observed_intent_ids: ["a"] });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "w", scope: files("a.ts"), ...signalbox({ on_overlap: "wait" }) });
  played.says("ana", "INTENT_DEFERRED", { deferral_id: "to bo", observed_principals: ["bo"] });
  return played;
}

const stateOf = ({ state }: Play) => ({
  intent: state.intents.get("b" as IntentId)?.state,
  operations: ["own", "free", "ana's"].map((id) => state.operations.get(id as OpId)?.state),
  claim: state.claims.get("k" as ClaimId)?.state,
  deferrals: [...state.deferrals.keys()],
  waiting: state.waiting.size,
});

const GONE = { claim: "WITHDRAWN", waiting: 0 };
const [WITHDRAWN, KEPT] = [[], ["to bo"]];

describe("of somebody who is involved in everything", () => {
  it.each<[name: string, goes: (played: Play) => unknown, expected: object]>([
    [
      "GOODBYE",
      (played) => played.says("bo", "GOODBYE"),
      { ...GONE, intent: "WITHDRAWN", operations: ["ABANDONED", "ABANDONED", "REJECTED"], deferrals: WITHDRAWN },
    ],
    [
      "GOODBYE transfer",
      (played) => played.says("bo", "GOODBYE", { intent_disposition: "transfer" }),
      { ...GONE, intent: "SUSPENDED", operations: ["ABANDONED", "ABANDONED", "FROZEN"], deferrals: KEPT },
    ],
    [
      "GOODBYE expire",
      (played) => played.says("bo", "GOODBYE", { intent_disposition: "expire" }),
      { ...GONE, intent: "ACTIVE", operations: ["ABANDONED", "ABANDONED", "PROPOSED"], deferrals: KEPT },
    ],
    [
      "silence",
      (played) => lapse(played, "bo"),
      { ...GONE, intent: "SUSPENDED", operations: ["ABANDONED", "ABANDONED", "FROZEN"], deferrals: KEPT },
    ],
  ])("%s leaves nothing behind that waits for it", (_, goes, expected) => {
    const played = involved();

    goes(played);

    expect(stateOf(played)).toEqual(expected);
    expect(played.state.participants.get("bo" as PrincipalId)).toMatchObject({
      proposals: new Set(),
      deferrals: new Set(),
      claims: new Set(),
    });
  });
});

describe("a claim on the work of somebody who handed over", () => {
  function claimed(): Play {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a");
    played.says("bo", "OP_PROPOSE", { op_id: "p", target: "a.ts", intent_id: "a" });
    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
    played.says("bo", "INTENT_CLAIM", { claim_id: "k", original_intent_id: "a", new_intent_id: "n" });
    return played;
  }

  it("rejects the proposals that stood on it when it is approved", () => {
    const played = claimed();

    played.pass(5_000);

    expect(played.state.operations.get("p" as OpId)?.state).toBe("REJECTED");
    expect(played.records.at(-1)?.events.map(({ type }) => type)).toEqual([
      "ClaimDecided",
      "IntentEnded",
      "OperationRejected",
      "IntentAnnounced",
      "Settled",
    ]);
  });

  it("gives them back when the owner is faster", () => {
    const played = claimed();

    const back = acceptedOf(played.says("ana", "HELLO")).map(({ type }) => type);

    expect(back).toEqual(["ParticipantJoined", "IntentRestored", "OperationThawed", "ClaimDecided", "Settled"]);
    expect(played.state.operations.get("p" as OpId)?.state).toBe("PROPOSED");
  });
});

it.each<[name: string, begin: (played: Play) => unknown]>([
  ["announces", (played) => announce(played, "bo", "b")],
  ["proposes", (played) => played.says("bo", "OP_PROPOSE", { op_id: "p", target: "x.ts" })],
  ["defers", (played) => played.says("bo", "INTENT_DEFERRED", { deferral_id: "d" })],
  ["claims", (played) => played.says("bo", "INTENT_CLAIM", { claim_id: "k", original_intent_id: "a", new_intent_id: "n" })],
])("somebody who %s after it fell silent, and says nothing else, falls silent again", (_, begin) => {
  const played = playWith(["ana", "bo"]);
  announce(played, "ana", "a");
  lapse(played, "ana");
  lapse(played, "bo");
  const before = [...session.present(played.state)].map(({ principal }) => principal);
  begin(played);

  const after = [...session.present(played.state)].map(({ principal }) => principal);
  const lapsed = gist(lapse(played, "bo"));

  expect([before, after]).toEqual([[], ["bo"]]);
  expect(lapsed).toContain("ParticipantLapsed");
  expect([...session.present(played.state)]).toEqual([]);
});
