/** What the coordinator's messages and refusals look like, for clients that know nothing of Signalbox and for those that do. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { LogRecord } from "../../wire/record.ts";
import { envelopeOf, refusal, remark, sayingOf } from "./coordinator-voice.ts";

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

describe("what the coordinator says", () => {
  const record = {
    revision: 7,
    atMs: 1_000,
    events: [{ type: "ConflictDismissed" }, { type: "ConflictDismissed" }, { type: "Settled", lamport: 4_096 }],
  } as unknown as LogRecord;
  const said = (index: number, epoch = 2) => {
    const saying = sayingOf(record, "s", "RESOLUTION", {}, { index, part: 0 });
    return envelopeOf({ sessionId: "s", epoch, clock: 0 }, saying, saying.lamport ?? 0);
  };

  it("has the eight required members, its epoch and its watermark, and no other", () => {
    expect(said(0)).toEqual({
      protocol: "MPAC",
      version: "0.1.15",
      message_type: "RESOLUTION",
      message_id: "s:7:0",
      session_id: "s",
      sender: {
        principal_id: "service:coordinator-s",
        principal_type: "service",
        sender_instance_id: "service:coordinator-s:epoch-2",
      },
      ts: "1970-01-01T00:00:01.000Z",
      payload: {},
      watermark: { kind: "lamport_clock", value: 4_097 },
      coordinator_epoch: 2,
    });
  });

  it("has an id by its place in the log, the same whenever it is said and another for every message", () => {
    expect([said(0), said(1), said(0, 3)].map(({ message_id }) => message_id)).toEqual(["s:7:0", "s:7:1", "s:7:0"]);
    expect(said(1).watermark.value).toBe(said(0).watermark.value + 1);
  });

  it("has a new id each time when it is not recorded", () => {
    const ids = Array.from({ length: 100 }, () => remark("COORDINATOR_STATUS", {}, 0).messageId);

    expect(new Set(ids).size).toBe(100);
  });

  it("says of a conflict what it had seen when it reported it", () => {
    const saying = sayingOf(record, "s", "CONFLICT_REPORT", { conflict_id: "c" }, { index: 1, part: 0 });

    const { payload, watermark } = envelopeOf({ sessionId: "s", epoch: 1, clock: 0 }, saying, 4_098);

    expect(payload).toEqual({ conflict_id: "c", based_on_watermark: watermark });
  });
});
