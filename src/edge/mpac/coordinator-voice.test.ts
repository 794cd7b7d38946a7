/** What a refusal looks like on the wire, for clients that know nothing of Signalbox and for those that do. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refusal } from "./coordinator-voice.ts";

const payloadOf = (rejection: Rejection, refersTo?: string): JsonObject => refusal(rejection, refersTo, 0).payload;

describe("a refusal", () => {
  it("is a PROTOCOL_ERROR that names what it answers, with ours beside it", () => {
    const said = refusal({ code: "id/taken", message: "intent id i is in use; choose another" }, "m1", 0);

    expect(said).toMatchObject({ type: "PROTOCOL_ERROR", atMs: 0 });
    expect(said.payload).toEqual({
      error_code: "INVALID_REFERENCE",
      description: "intent id i is in use; choose another",
      refers_to: "m1",
      extensions: { signalbox: { refusal: "id/taken", retryable: false } },
    });
  });

  it("answers nothing that has no id", () => {
    expect(payloadOf({ code: "message/malformed", message: "no message" })).not.toHaveProperty("refers_to");
  });

  it("says where SPEC 15.3.1 looks for it when to come again", () => {
    const payload = payloadOf({ code: "intent/backoff", message: "wait", details: { retry_after_sec: 30 } });

    expect(payload).toMatchObject({ error_code: "INTENT_BACKOFF", extensions: { retry_after_sec: 30, signalbox: { retryable: true } } });
  });

  it("says where clients of the original look for it who may be doing the same", () => {
    const candidate = { candidate: true, confidence: "medium", reason: "same_symbol" };

    const payload = payloadOf({ code: "intent/held", message: "held", details: { total: 1, duplicate_candidate: candidate } }, "m1");

    expect(payload).toMatchObject({ error_code: "STALE_INTENT", duplicate_candidate: candidate });
    expect(payload["extensions"]).toMatchObject({ signalbox: { details: { total: 1, duplicate_candidate: candidate } } });
  });

  it("suggests a name beside its details", () => {
    const payload = payloadOf({ code: "principal/name-taken", message: "taken", details: { suggested: "ana#2" } });

    expect(payload["extensions"]).toMatchObject({ signalbox: { suggested: "ana#2" } });
  });
});
