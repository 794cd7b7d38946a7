/** That a record which ends a freeze without anybody's decision says so, each freeze once, and no other record does. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { acceptedOf, files, type Play, play, signalbox } from "./session.test.fixture.ts";

const SECOND = 1_000;
const GOVERNANCE = { resolution_timeout_sec: 1, frozen_scope_phase_1_sec: 100, frozen_scope_phase_2_sec: 100 };

/** ana holds `i` with a proposal `p` in it, bo holds `k`, both mean `f`, and nobody has resolved that in time. */
function frozen(settings: JsonObject = {}): { readonly played: Play; readonly id: string } {
  const played = play({ governance: GOVERNANCE, ...settings });
  for (const principal of ["ana", "bo", "cy"]) played.says(principal, "HELLO");
  played.says("dee", "HELLO", { roles: ["owner"] });
  const announce = (who: string, id: string, ttl_sec: number) =>
    played.says(who, "INTENT_ANNOUNCE", { intent_id: id, scope: files("f"), ttl_sec, ...signalbox({ on_overlap: "proceed" }) });
  announce("ana", "i", 7_000);
  played.says("ana", "OP_PROPOSE", { op_id: "p", target: "f", intent_id: "i" });
  announce("bo", "k", 60);
  played.pass(2 * SECOND);
  return { played, id: [...played.state.frozen][0] ?? "" };
}

/** What the records behind `after` say of freezes that are over. */
const thawedIn = ({ records }: Play, after: number) =>
  records.slice(after).flatMap(({ events }) => events.flatMap((event) => (event.type === "Settled" ? (event.thawed ?? []) : [])));

const says = (who: string, type: string, payload: JsonObject) => (played: Play) => void played.says(who, type as never, payload);

describe("a freeze is said to be over", () => {
  it.each<readonly [string, (played: Play, id: string) => void]>([
    ["when one side withdraws", says("bo", "INTENT_WITHDRAW", { intent_id: "k" })],
    ["when one side leaves", says("bo", "GOODBYE", {})],
    ["when the time of one side's intent ends", (played) => played.pass(90 * SECOND)],
    ["when one side goes on elsewhere", says("bo", "INTENT_ANNOUNCE", { intent_id: "k2", scope: files("z"), supersedes_intent_id: "k" })],
    [
      "when all sides accept it",
      (played, id) => {
        for (const who of ["ana", "bo"]) played.says(who, "CONFLICT_ACK", { conflict_id: id, ack_type: "accepted" });
      },
    ],
  ])("%s, once", (_, end) => {
    const { played, id } = frozen();
    const before = played.records.length;

    end(played, id);

    expect([thawedIn(played, before), played.state.frozen.size]).toEqual([[id], 0]);
  });

  it.each<readonly [string, (played: Play, id: string) => void]>([
    ["when somebody resolves it", (played, id) => void played.says("dee", "RESOLUTION", { conflict_id: id, decision: "approved" })],
    [
      "when nothing is left that it is about",
      (played, id) => {
        played.says("dee", "RESOLUTION", {
          conflict_id: id,
          decision: "approved",
          outcome: { rejected: ["i", "k"], rollback: "not_required" },
        });
      },
    ],
    ["when the session ends", (played) => void played.says("dee", "SESSION_CLOSE", {})],
    ["when one side only falls silent", (played) => void played.gives({ type: "ParticipantLapsed", principal: "bo", lastHeardAtMs: 0 })],
    ["when somebody else withdraws", (played) => void played.says("cy", "GOODBYE")],
  ])("not %s", (_, end) => {
    const { played, id } = frozen();
    const before = played.records.length;

    end(played, id);

    expect(played.records.length).toBeGreaterThan(before);
    expect(thawedIn(played, before)).toEqual([]);
  });

  it("not when there was none", () => {
    const { played } = frozen({ governance: { resolution_timeout_sec: 0 } });

    expect(acceptedOf(played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" })).at(-1)).not.toHaveProperty("thawed");
  });
});
