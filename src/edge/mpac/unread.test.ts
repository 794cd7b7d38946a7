import { expect, it } from "vitest";
import { readFrame } from "./frames.ts";
import { answerTo } from "./unread.ts";

const JOINED = { hasJoined: true, closed: undefined };
const STRANGER = { hasJoined: false, closed: undefined };
const ENDED = { hasJoined: true, closed: "manual" };

/** A frame that holds less than its type wants. */
function answered(type: string | undefined, standing: typeof JOINED | typeof ENDED): string | undefined {
  const text = type === undefined ? "{" : JSON.stringify({ message_type: type, message_id: "m", sender: { principal_id: "ana" } });
  const frame = readFrame(text);
  return frame.kind === "bad" || frame.kind === "ignored" ? answerTo(frame, standing)?.code : frame.kind;
}

it.each([
  ["HELLO", "message/malformed", "message/malformed", "session/closed"],
  ["GOODBYE", "session/not-joined", "message/malformed", "message/malformed"],
  ["INTENT_ANNOUNCE", "session/not-joined", "message/malformed", "session/closed"],
  ["COORDINATOR_STATUS", "session/not-joined", undefined, "session/closed"],
  ["FUTURE_TYPE", "session/not-joined", undefined, "session/closed"],
  [undefined, "message/malformed", "message/malformed", "message/malformed"],
])("%s that cannot be carried is told %s before HELLO, %s after it, and %s when the session has ended", (type, before, after, ended) => {
  expect([STRANGER, JOINED, ENDED].map((standing) => answered(type, standing))).toEqual([before, after, ended]);
});

it.each(["x".repeat(100_000), "\ud83d"])(
  "what is not taken before HELLO is not named: as a text it may be as long as a frame, or none",
  (message_type) => {
    const frame = readFrame(JSON.stringify({ message_type, message_id: "m" }));
    const answer = frame.kind === "bad" || frame.kind === "ignored" ? answerTo(frame, STRANGER) : undefined;

    expect(answer?.code).toBe("session/not-joined");
    expect(answer?.why).not.toContain(message_type);
  },
);
