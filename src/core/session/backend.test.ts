/** What comes of the health of a participant's model, and whether it may change it. */
import { describe, expect, it } from "vitest";
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { eventOf, files, gist, type Play, play, rejectionOf } from "./session.test.fixture.ts";

const MODEL = "anthropic/claude";

function withModel(policy: JsonObject = {}): Play {
  const played = play({ liveness: { backend_health_policy: { enabled: true, ...policy } } });
  played.says("ana", "HELLO", { backend: { model_id: MODEL, provider: "anthropic" } });
  played.says("bo", "HELLO");
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts"), ttl_sec: 7_000 });
  return played;
}

const beat = (played: Play, health?: JsonObject, more: JsonObject = {}) =>
  played.says("ana", "HEARTBEAT", { status: "idle", ...more, ...(health === undefined ? {} : { backend_health: health }) });
const down = { model_id: MODEL, provider_status: "down" };
const fine = { model_id: MODEL, provider_status: "operational" };
const intentState = (played: Play) => played.state.intents.get("i" as IntentId)?.state;
const modelOf = (played: Play) => played.state.participants.get("ana" as PrincipalId)?.backend;

describe("a report of a model's health", () => {
  it.each<readonly [string, JsonObject, JsonObject, string, readonly string[], string]>([
    ["down", {}, down, "suspend", ["BackendReported", "IntentSuspended"], "SUSPENDED"],
    ["down", { on_down: "warn" }, down, "warn", ["BackendReported"], "ACTIVE"],
    ["down", { on_down: "ignore" }, down, "none", ["BackendReported"], "ACTIVE"],
    ["degraded", {}, { ...down, provider_status: "degraded" }, "warn", ["BackendReported"], "ACTIVE"],
    [
      "degraded",
      { on_degraded: "suspend_and_claim" },
      { ...down, provider_status: "degraded" },
      "suspend",
      ["BackendReported", "IntentSuspended"],
      "SUSPENDED",
    ],
    ["operational", {}, fine, "none", ["BackendReported"], "ACTIVE"],
  ])("%s under the policy %j", (_, policy, health, action, gives, state) => {
    const played = withModel(policy);

    const decision = beat(played, { ...health, status_detail: "why", alternatives: ["openai/gpt"] });

    expect(gist(decision)).toEqual(gives);
    expect(eventOf(decision, "BackendReported")).toMatchObject({ action, detail: "why", alternatives: ["openai/gpt"] });
    expect(intentState(played)).toBe(state);
  });

  it("is recorded once, until something changes", () => {
    const played = withModel();
    beat(played, down);

    expect([beat(played, down), beat(played), beat(played, down)].map(gist)).toEqual(["standing", "standing", "standing"]);
    expect(gist(beat(played, down, { status: "working" }))).toEqual(["ParticipantStatus"]);
  });

  it.each([
    [{}, true],
    [{ on_down: "warn" }, true],
    [{ on_down: "ignore" }, undefined],
  ])("that it is well again counts under %j where everybody was alerted: %s", (policy, recovered) => {
    const played = withModel(policy);
    beat(played, down);

    expect(eventOf(beat(played, fine), "BackendReported").recovered).toBe(recovered);
  });

  it("is nothing to a session without a policy about it", () => {
    const played = play();
    played.says("ana", "HELLO", { backend: { model_id: MODEL } });
    beat(played, fine);

    expect(gist(beat(played, { ...down, switched_from: "x" }))).toBe("standing");
    expect(modelOf(played)).toBeUndefined();
  });
});

describe("intents that are suspended for their owner's model", () => {
  it("come back with it, at a fence that has risen", () => {
    const played = withModel();
    beat(played, down);

    const decision = beat(played, fine);

    expect(gist(decision)).toEqual(["BackendReported", "IntentRestored"]);
    expect(intentState(played)).toBe("ACTIVE");
  });

  it("stay suspended when their owner was away and comes back without it", () => {
    const played = withModel();
    beat(played, down);
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });

    beat(played, down);
    expect(intentState(played)).toBe("SUSPENDED");
    beat(played, fine);

    expect(intentState(played)).toBe("ACTIVE");
  });

  it("come back when their owner was away and comes back with it", () => {
    const played = withModel();
    beat(played, down);
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });

    expect(gist(beat(played, fine))).toEqual(["ParticipantStatus", "IntentRestored", "BackendReported"]);
  });

  it("come back when their owner, who was there all the time, joins anew", () => {
    const played = withModel();
    beat(played, down);

    const decision = played.says("ana", "HELLO", { backend: { model_id: MODEL } });

    expect(gist(decision)).toEqual(["ParticipantJoined", "IntentRestored", "BackendReported"]);
    expect(intentState(played)).toBe("ACTIVE");
  });

  it("are suspended again when their owner joins anew and its model is still down", () => {
    const played = withModel();
    beat(played, down);
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
    played.says("ana", "HELLO");
    expect([modelOf(played)?.status, intentState(played)]).toEqual(["unknown", "ACTIVE"]);

    beat(played, down);

    expect(intentState(played)).toBe("SUSPENDED");
  });
});

describe("a switch to another model", () => {
  const other = { model_id: "openai/gpt", provider_status: "operational", switched_from: MODEL, switch_reason: "provider_down" };

  it.each<readonly [JsonObject, string | readonly string[]]>([
    [{}, ["BackendReported"]],
    [{ auto_switch: "allowed" }, ["BackendReported"]],
    [{ auto_switch: "forbidden" }, "backend/switch-denied"],
    [{ auto_switch: "notify_first" }, "backend/switch-denied"],
    [{ allowed_providers: ["anthropic", "openai"] }, ["BackendReported"]],
    [{ allowed_providers: ["anthropic"] }, "backend/switch-denied"],
  ])("under the policy %j gives %j", (policy, gives) => {
    expect(gist(beat(withModel(policy), other))).toEqual(gives);
  });

  it("that is denied changes nothing and says what is allowed", () => {
    const played = withModel({ allowed_providers: ["anthropic"] });

    const rejection = rejectionOf(beat(played, other, { status: "working" }));

    expect(rejection.details).toEqual({ allowed_providers: ["anthropic"] });
    expect(modelOf(played)?.modelId).toBe(MODEL);
    expect(played.state.participants.get("ana" as PrincipalId)?.status).toBe("idle");
  });

  it("is one whether or not it is called so, and not any more once it was taken", () => {
    const { switched_from: _from, ...unnamed } = other;

    expect(gist(beat(withModel({ auto_switch: "forbidden" }), unnamed))).toBe("backend/switch-denied");
    const played = withModel();
    beat(played, other);
    expect(gist(beat(played, other))).toBe("standing");
  });

  it("is none when a model is named for the first time", () => {
    const played = withModel({ auto_switch: "forbidden" });

    const decision = played.says("bo", "HEARTBEAT", { status: "idle", backend_health: fine });

    expect(gist(decision)).toEqual(["BackendReported"]);
  });
});
