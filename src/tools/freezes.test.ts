import { expect, it } from "vitest";
import { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { createFreezes } from "./freezes.ts";

function hearing() {
  const told: string[] = [];
  const hear = createFreezes((sentence) => told.push(sentence));
  const say = (message_type: string, payload: object) =>
    hear(InboundEnvelope.parse({ message_type, message_id: "m", sender: { principal_id: "service:coordinator-s" }, payload }));
  const notice = (error_code: string, refers_to: string, description: string) =>
    say("PROTOCOL_ERROR", { error_code, refers_to, description });
  return { told, say, notice };
}

const advice = "; edit nothing that conflict k is about unless submit_change takes it";

it("tells each phase of a reported conflict's freeze once", () => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });

  for (let times = 0; times < 2; times += 1) notice("RESOLUTION_TIMEOUT", "k", "frozen\n(phase 1)");
  say("CONFLICT_REPORT", { conflict_id: "k" });
  notice("RESOLUTION_TIMEOUT", "k", "frozen\n(phase 1)");
  notice("SCOPE_FROZEN", "k", "partially unfrozen for intent i");

  expect(told).toEqual([`frozen (phase 1)${advice}`, `partially unfrozen for intent i${advice}`]);
});

it.each([
  ["about a conflict that was not reported here", "RESOLUTION_TIMEOUT", "other"],
  ["of another kind", "PARTICIPANT_UNAVAILABLE", "k"],
])("says nothing of a notice %s", (_, code, about) => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });

  notice(code, about, "frozen");

  expect(told).toEqual([]);
});

it("says nothing more once the conflict is resolved", () => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });
  say("RESOLUTION", { conflict_id: "k" });

  notice("RESOLUTION_TIMEOUT", "k", "frozen");

  expect(told).toEqual([]);
});

it("forgets the oldest conflicts first", () => {
  const { told, say, notice } = hearing();
  for (let n = 0; n <= 200; n += 1) say("CONFLICT_REPORT", { conflict_id: `k${n}` });

  for (const id of ["k0", "k1"]) notice("RESOLUTION_TIMEOUT", id, "frozen");

  expect(told).toEqual([`frozen${advice.replace(" k ", " k1 ")}`]);
});
