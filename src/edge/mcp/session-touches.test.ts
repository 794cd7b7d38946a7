import { describe, expect, it } from "vitest";
import { files, type Play, playWith } from "../../core/session/session.test.fixture.ts";
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { type Standing, touchesOfSession } from "./session-touches.ts";
import type { Touch } from "./touches.ts";

/** What is touched in a word: the last part of an address, files, names. */
function wordOf(touch: Touch): string {
  if ("uri" in touch) return touch.uri.replace("signalbox://", "");
  if ("scope" in touch) return `files ${touch.scope.resources?.join(" ")}`;
  return "every" in touch ? `every ${touch.every}` : `inbox of ${touch.inboxOf}`;
}

/** What the records behind the first `from` touch, to somebody who has followed since then. */
function touchedIn({ records, state }: Play, from: number, standing: Standing = new Map()): string {
  const words = records.slice(from).flatMap((record) => touchesOfSession(record, state, standing).map(wordOf));
  return [...new Set(words)].toSorted().join(", ");
}

type Step = (played: Play) => void;

const announce =
  (who: string, id: string, file: string, more: JsonObject = {}): Step =>
  (played) =>
    played.says(who, "INTENT_ANNOUNCE", { intent_id: id, objective: "work", scope: files(file), ...more });
const update =
  (more: JsonObject): Step =>
  (played) =>
    played.says("ana", "INTENT_UPDATE", { intent_id: "i", ...more });
const status =
  (status: string): Step =>
  (played) =>
    played.says("ana", "HEARTBEAT", { status });
const lapse: Step = (played) => played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: played.nowMs });
const working = announce("ana", "i", "a.ts");
const meeting: Step = (played) => played.says("bo", "INTENT_ANNOUNCE", { intent_id: "j", objective: "work", scope: files("a.ts") });
const conflictOf = ({ state }: Play): string => [...state.conflicts.keys()][0] ?? "none";

describe("a record of a session touches", () => {
  it.each<{ name: string; given: Step[]; when: Step; touches: string }>([
    { name: "somebody joins", given: [], when: (p) => p.says("cy", "HELLO", {}), touches: "lanes, session" },
    { name: "somebody leaves", given: [], when: (p) => p.says("ana", "GOODBYE", { reason: "done" }), touches: "lanes, session" },
    { name: "somebody lapses", given: [], when: lapse, touches: "lanes, session" },
    { name: "a status changes", given: [(p) => p.skip(1000)], when: status("working"), touches: "session" },
    { name: "of one with a task", given: [working, (p) => p.skip(1000)], when: status("blocked"), touches: "intents, session" },
    { name: "somebody is back", given: [lapse, (p) => p.skip(1000)], when: status("working"), touches: "lanes, session" },
    { name: "a task begins", given: [], when: working, touches: "files a.ts, intents, session" },
    { name: "a task is renewed", given: [working], when: update({ ttl_sec: 900 }), touches: "intents" },
    { name: "a task says another objective", given: [working], when: update({ objective: "more" }), touches: "intents" },
    {
      name: "a task is about other files",
      given: [working],
      when: update({ scope: files("b.ts") }),
      touches: "every file, files b.ts, intents",
    },
    {
      name: "a task ends",
      given: [working],
      when: (p) => p.says("ana", "INTENT_WITHDRAW", { intent_id: "i", reason: "done" }),
      touches: "files a.ts, intents, session",
    },
    { name: "a task runs out", given: [working], when: (p) => p.pass(600_000), touches: "files a.ts, intents, session" },
    { name: "a task is suspended", given: [working], when: lapse, touches: "files a.ts, intents, lanes, session" },
    {
      name: "two tasks meet",
      given: [working],
      when: meeting,
      touches: "conflicts, files a.ts, inbox of ana, inbox of bo, intents, session",
    },
    {
      name: "a task in a conflict says another objective",
      given: [working, meeting],
      when: update({ objective: "more" }),
      touches: "conflicts, intents",
    },
    {
      name: "a conflict is acknowledged",
      given: [working, meeting],
      when: (p) => p.says("bo", "CONFLICT_ACK", { conflict_id: conflictOf(p), ack_type: "seen" }),
      touches: "conflicts, inbox of ana, inbox of bo, session",
    },
    {
      name: "a file is changed",
      given: [working],
      when: (p) => p.says("ana", "OP_COMMIT", { op_id: "o", intent_id: "i", target: "src/a b.ts", op_kind: "replace" }),
      touches: "file/src/a%20b.ts",
    },
    {
      name: "a change is only proposed",
      given: [working],
      when: (p) => p.says("ana", "OP_PROPOSE", { op_id: "o", intent_id: "i", target: "a.ts", op_kind: "replace" }),
      touches: "",
    },
    {
      name: "somebody waits for others",
      given: [working],
      when: (p) => p.says("bo", "INTENT_DEFERRED", { deferral_id: "d", scope: files("a.ts"), observed_intent_ids: ["i"] }),
      touches: "intents, session",
    },
    {
      name: "a suspended task is claimed",
      given: [working, lapse],
      when: (p) =>
        p.says("bo", "INTENT_CLAIM", {
          claim_id: "c",
          original_intent_id: "i",
          new_intent_id: "n",
          objective: "go on",
          scope: files("a.ts"),
        }),
      touches: "inbox of ana, intents, session",
    },
    { name: "time passed unheard", given: [working], when: (p) => p.gives({ type: "Resumed", fromMs: 0 }), touches: "intents" },
    {
      name: "a process opens it",
      given: [],
      when: (p) => p.gives({ type: "Opened", session: "s", settings: {} }),
      touches: "session",
    },
  ])("$touches when $name", ({ given, when, touches }) => {
    const played = playWith(["ana", "bo"], { race_lock: false });
    for (const step of given) step(played);
    const from = played.records.length;

    when(played);

    expect(played.records.length).toBeGreaterThan(from);
    expect(touchedIn(played, from)).toBe(touches);
  });

  it("the files that a task is about no more, where it was followed before", () => {
    const played = playWith(["ana"]);
    working(played);
    const from = played.records.length;
    update({ scope: files("b.ts") })(played);

    expect(touchedIn(played, 0)).toContain("files a.ts");
    expect(touchedIn(played, from, new Map([["i" as IntentId, { kind: "file_set", resources: ["a.ts"] }]]))).toBe(
      "files a.ts, files b.ts, intents",
    );
  });

  it("every file and everybody's inbox, where what it is about was forgotten since", () => {
    const played = playWith(["ana", "bo"], { race_lock: false });
    working(played);
    meeting(played);
    const from = played.records.length;
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i", reason: "done" });
    played.says("bo", "INTENT_WITHDRAW", { intent_id: "j", reason: "done" });
    const until = played.records.length;
    played.pass(72 * 3_600_000);

    const records = played.records.slice(0, until);
    expect(touchedIn({ ...played, records }, from)).toBe("conflicts, every file, every inbox, intents, session");
  });
});
