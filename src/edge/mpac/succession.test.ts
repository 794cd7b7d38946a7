import { describe, expect, it } from "vitest";
import { files, type Play, playWith } from "../../core/session/session.test.fixture.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import { ClientMessage } from "../../wire/mpac/messages.ts";
import { createSuccession } from "./succession.ts";

const [ANA, BO, CY, DEE] = ["ana", "bo", "cy", "dee"] as PrincipalId[] as [PrincipalId, PrincipalId, PrincipalId, PrincipalId];

/** Ana works under an intent, bo only takes part, cy has left; then another process opens the log. */
function reopened(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "intent-ana", scope: files("a.ts") });
  played.says("cy", "GOODBYE", {});
  played.gives({ type: "Opened", session: "s", settings: {} });
  return played;
}

const heartbeat = (principal: string, intent: string | null): ClientMessage =>
  ClientMessage.parse({
    message_type: "HEARTBEAT",
    message_id: `m-${principal}`,
    sender: { principal_id: principal },
    payload: { status: "working", active_intent_id: intent },
  });

describe("a coordinator that came into office", () => {
  it("greets each of those who were there, once, and nobody else", () => {
    const succession = createSuccession(reopened().state, "recovered");

    const told = [ANA, ANA, BO, CY, DEE].map((principal) => succession.greet(principal));

    expect(told).toEqual(["recovered", undefined, "recovered", undefined, undefined]);
  });

  it("says so when it was handed its office", () => {
    expect(createSuccession(reopened().state, "assumed").greet(ANA)).toBe("assumed");
  });

  it("greets nobody when it is the session's first", () => {
    expect(createSuccession(playWith(["ana"]).state, "recovered").greet(ANA)).toBeUndefined();
  });
});

describe("somebody who works under an intent that the coordinator does not know to be active", () => {
  it.each([
    ["of nobody", "ana", "intent-lost", true],
    ["of somebody else", "bo", "intent-ana", true],
    ["of its own that is active", "ana", "intent-ana", false],
    ["that it does not name", "ana", null, false],
    ["and is new here", "dee", "intent-lost", false],
  ])("%s", (_, principal, intent, isTold) => {
    const { state } = reopened();

    const said = createSuccession(state, "recovered").divergence(state, heartbeat(principal, intent));

    expect(said?.["error_code"]).toBe(isTold ? "STATE_DIVERGENCE" : undefined);
  });

  it("is told once, with the message that it is about", () => {
    const { state } = reopened();
    const succession = createSuccession(state, "recovered");

    const first = succession.divergence(state, heartbeat("ana", "intent-lost"));

    expect([first?.["refers_to"], succession.divergence(state, heartbeat("ana", "intent-lost"))]).toEqual(["m-ana", undefined]);
  });
});
