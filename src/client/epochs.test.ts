import { expect, it } from "vitest";
import { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { createEpochs } from "./epochs.ts";

const said = (epoch: number | undefined, type = "COORDINATOR_STATUS", principal_id = "service:coordinator-s") =>
  InboundEnvelope.parse({
    message_type: type,
    message_id: "m",
    sender: { principal_id },
    payload: {},
    ...(epoch === undefined ? {} : { coordinator_epoch: epoch }),
  });

it.each([
  { name: "the same one goes on", says: [said(3, "SESSION_INFO"), said(3), said(3)], counts: [true, true, true] },
  { name: "the next one takes over", says: [said(3, "SESSION_INFO"), said(4), said(3), said(4)], counts: [true, true, false, true] },
  { name: "the one of before speaks up", says: [said(3, "SESSION_INFO"), said(2)], counts: [true, false] },
  { name: "a new log begins", says: [said(7, "SESSION_INFO"), said(1, "SESSION_INFO"), said(1)], counts: [true, true, true] },
  { name: "a participant says a number", says: [said(3, "SESSION_INFO"), said(1, "INTENT_ANNOUNCE", "bo")], counts: [true, true] },
  { name: "no number is said", says: [said(3, "SESSION_INFO"), said(undefined)], counts: [true, true] },
])("when $name, of its words count $counts", ({ says, counts }) => {
  const epochs = createEpochs();

  expect(says.map((envelope) => epochs.admits(envelope))).toEqual(counts);
});
