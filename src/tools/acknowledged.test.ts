import { describe, expect, it } from "vitest";
import { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { createAcknowledged } from "./acknowledged.ts";
import { createNotices } from "./notices.ts";

type Say = (message_type: string, payload: object, principal_id?: string) => void;

/** What ana hears, who is in conflict `k` with bo. */
function hearing() {
  const notices = createNotices();
  const hear = createAcknowledged({ notices, self: () => "ana" });
  const say: Say = (message_type, payload, principal_id = "bo") =>
    hear(InboundEnvelope.parse({ message_type, message_id: "m", sender: { principal_id }, payload }));
  const report = (conflict_id: string, parties: object = { principal_a: "bo", principal_b: "ana" }) =>
    say("CONFLICT_REPORT", { conflict_id, ...parties }, "service:coordinator-s");
  return { notices, say, report };
}

const ack = (say: Say, ack_type: string, by?: string) => say("CONFLICT_ACK", { conflict_id: "k", ack_type }, by);
const accepts = "bo accepts conflict k with you and will merge: go on, and read a file anew before you change it";
const disputes = "bo disputes conflict k with you: edit no more there until one of you gives way, with yield_task, or it is decided";

describe("what another says of a conflict", () => {
  it.each<{ name: string; what: (say: Say) => void; gives: readonly string[] }>([
    { name: "is told when it is accepted", what: (say) => ack(say, "accepted"), gives: [accepts] },
    { name: "is told when it is disputed", what: (say) => ack(say, "disputed"), gives: [disputes] },
    { name: "is not told when it was only seen", what: (say) => ack(say, "seen"), gives: [] },
    { name: "is not told when it says what nobody knows", what: (say) => ack(say, "constructor"), gives: [] },
    { name: "is not told when one has said it oneself", what: (say) => ack(say, "accepted", "ana"), gives: [] },
    {
      name: "is told as it was said last",
      what(say) {
        for (const word of ["accepted", "disputed"]) ack(say, word);
      },
      gives: [disputes],
    },
    {
      name: "is told no more when it was taken back",
      what(say) {
        for (const word of ["disputed", "seen"]) ack(say, word);
      },
      gives: [],
    },
    {
      name: "is told no more when the conflict is over",
      what(say) {
        ack(say, "disputed");
        say("RESOLUTION", { conflict_id: "k", decision: "dismissed" });
      },
      gives: [],
    },
  ])("$name, once", ({ what, gives }) => {
    const { notices, say, report } = hearing();
    report("k");

    what(say);

    expect([notices.take(), notices.take()]).toEqual([gives, []]);
  });

  it.each([
    { name: "whoever is to decide it", parties: { principal_a: "bo", principal_b: "cy" }, told: [] },
    { name: "whoever somebody names in it without saying so", parties: {}, told: [accepts] },
  ])("is told or not to $name", ({ parties, told }) => {
    const { notices, say, report } = hearing();
    report("k", parties);

    ack(say, "accepted");

    expect(notices.take()).toEqual(told);
  });

  it("is told of the last conflicts only", () => {
    const { notices, say, report } = hearing();
    for (let n = 0; n <= 200; n += 1) report(`k${n}`);

    for (const conflict_id of ["k0", "k1"]) say("CONFLICT_ACK", { conflict_id, ack_type: "accepted" });

    expect(notices.take()).toEqual([accepts.replace("conflict k ", "conflict k1 ")]);
  });
});
