/** What comes of two scopes that meet: the race lock, its exceptions, and the conflicts of those who go on. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import {
  acceptedOf,
  ANA_TREE,
  eventOf,
  files,
  gist,
  type Play,
  play,
  playWith,
  rejectionOf,
  resultOf,
  signalbox,
} from "./session.test.fixture.ts";

const intent = (id: string, paths: readonly string[], more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: `objective of ${id}`,
  scope: files(...paths),
  ...more,
});
const BLOCK = signalbox({ on_overlap: "block" });
const PROCEED = signalbox({ on_overlap: "proceed" });

function heldByAna(settings: JsonObject = {}): Play {
  const played = playWith(["ana", "bo", "cy"], settings);
  played.says("ana", "INTENT_ANNOUNCE", intent("i", ["src/a.ts", "lib"]));
  return played;
}

describe("an announcement over another's active intent", () => {
  it("is refused in the words that clients of the original read, and opens no conflict", () => {
    const played = heldByAna();

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["./src/a.ts", "lib/x.ts", "free.ts"]));

    expect(rejectionOf(decision).code).toBe("intent/held");
    expect(rejectionOf(decision).message).toBe(
      "Files ['lib/x.ts', 'src/a.ts'] are already being modified by intent i (principal ana). " +
        "Call defer_intent and tell the user to wait, or retry once the other intent has withdrawn.",
    );
    expect([played.state.intents.size, played.state.conflicts.size]).toEqual([1, 0]);
  });

  it("is told who holds what, since when, until when and where", () => {
    const played = play();
    played.says("ana", "HELLO", signalbox({ worktree: { id: ANA_TREE, path: "/w/ana", branch: "main" } }));
    played.says("bo", "HELLO");
    played.says("ana", "INTENT_ANNOUNCE", intent("i", ["a.ts", "b.ts"]));

    const { details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", ["a.ts", "c.ts"])));

    expect(details).toEqual({
      total: 1,
      free: ["c.ts"],
      overlaps: [
        {
          intent_id: "i",
          principal_id: "ana",
          objective: "objective of i",
          state: "ACTIVE",
          resources: ["a.ts", "b.ts"],
          paths: ["a.ts"],
          announced_at_ms: played.nowMs,
          expires_at_ms: played.nowMs + 300_000,
          worktree: "/w/ana",
          branch: "main",
        },
      ],
    });
  });

  it("names twenty holders at most and says how many there are", () => {
    const played = playWith(["ana", "bo"]);
    for (let index = 0; index < 30; index += 1) played.says("ana", "INTENT_ANNOUNCE", intent(`i${index}`, [`d/${index}.ts`]));

    const { details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", ["d"])));

    expect(details?.["overlaps"]).toHaveLength(20);
    expect(details?.["total"]).toBe(30);
  });

  it("is told which of its files nobody holds, by what is one file here and not by spelling", () => {
    const played = heldByAna({ fold_case: true, root: "/ws" });

    const { details } = rejectionOf(
      played.says("bo", "INTENT_ANNOUNCE", intent("k", ["./SRC/A.ts", "Lib/", "/ws/lib/x.ts", "./Docs//b.md"])),
    );

    expect(details?.["free"]).toEqual(["Docs/b.md"]);
  });

  it("is told nothing as free that is held, however much of both there is", () => {
    const played = playWith(["ana", "bo"]);
    const many = (folder: string, count: number) => Array.from({ length: count }, (_, index) => `${folder}/${index}.ts`);
    for (const path of many("held", 30)) played.says("ana", "INTENT_ANNOUNCE", intent(`i${path}`, [path, `more${path}`]));
    played.says("ana", "INTENT_ANNOUNCE", intent("z", ["all"]));

    const asked = [...many("held", 30), ...many("all", 200), ...many("free", 700)];
    const { details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", asked)));

    expect(details).toMatchObject({ total: 31, free: many("free", 500), free_count: 700 });
  });

  it("says how many files of a holder it does not name", () => {
    const played = playWith(["ana", "bo"]);
    const paths = Array.from({ length: 150 }, (_, index) => `d/${index}`);
    played.says("ana", "INTENT_ANNOUNCE", intent("i", paths));

    const { details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", paths.slice(0, 120))));

    expect(details).toMatchObject({ overlaps: [{ resource_count: 150, path_count: 120 }], free: [] });
  });

  it("goes on with a conflict when it says proceed", () => {
    const played = heldByAna();

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["src"], PROCEED));

    expect(gist(decision)).toEqual(["IntentAnnounced", "ConflictOpened"]);
    const conflict = eventOf(decision, "ConflictOpened");
    expect(conflict).toMatchObject({ category: "scope_overlap", severity: "medium", intents: ["k", "i"], principals: ["bo", "ana"] });
    expect(conflict.description).toBe("bo and ana both mean to change src");
    expect(resultOf(decision)).toMatchObject({ conflicts: [conflict.conflictId] });
  });

  it("opens one conflict with each intent that it meets", () => {
    const played = heldByAna();
    played.says("cy", "INTENT_ANNOUNCE", intent("c", ["docs"]));

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["lib", "docs"], PROCEED));

    const met = acceptedOf(decision).flatMap((event) => (event.type === "ConflictOpened" ? [event.intents] : []));
    expect(met).toEqual([
      ["k", "c"],
      ["k", "i"],
    ]);
  });

  it.each([{}, BLOCK, PROCEED])("goes on with a conflict where the race lock is off, whatever it asks for", (extension) => {
    const played = heldByAna({ race_lock: false });

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["lib"], extension));

    expect(gist(decision)).toEqual(["IntentAnnounced", "ConflictOpened"]);
  });

  it("replaces nothing of its own when it is refused", () => {
    const played = heldByAna();
    played.says("bo", "INTENT_ANNOUNCE", intent("k", ["free.ts"]));

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("l", ["free.ts", "lib"]));

    expect(gist(decision)).toBe("intent/held");
    expect([...played.state.liveIntents]).toEqual(["i", "k"]);
  });
});

it("does not lock for a suspended holder: meeting it makes a conflict", () => {
  const played = heldByAna();
  played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });

  const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["lib"], BLOCK));

  expect(gist(decision)).toEqual(["IntentAnnounced", "ConflictOpened"]);
});

describe("an update that widens a scope onto another's", () => {
  const widen = (more: JsonObject = {}) => ({ intent_id: "k", scope: files("free.ts", "lib"), ...more });

  function heldByBoth(settings: JsonObject = {}): Play {
    const played = heldByAna(settings);
    played.says("bo", "INTENT_ANNOUNCE", intent("k", ["free.ts"]));
    return played;
  }

  it("is not locked: it goes on with a conflict", () => {
    const decision = heldByBoth().says("bo", "INTENT_UPDATE", widen());

    expect(gist(decision)).toEqual(["IntentUpdated", "ConflictOpened"]);
  });

  it("is locked when it says block", () => {
    const played = heldByBoth();

    const decision = played.says("bo", "INTENT_UPDATE", widen(BLOCK));

    expect(gist(decision)).toBe("intent/held");
    expect(played.state.intents.get("k" as never)?.scope.resources).toEqual(["free.ts"]);
  });

  it("goes on where the race lock is off, even when it says block", () => {
    const decision = heldByBoth({ race_lock: false }).says("bo", "INTENT_UPDATE", widen(BLOCK));

    expect(gist(decision)).toEqual(["IntentUpdated", "ConflictOpened"]);
  });

  it("opens no second conflict between the same two intents while the first stands", () => {
    const played = heldByBoth();
    played.says("bo", "INTENT_UPDATE", widen());

    const again = played.says("bo", "INTENT_UPDATE", { ...widen(), objective: "more of it" });

    expect(gist(again)).toEqual(["IntentUpdated"]);
    expect(played.state.conflicts.size).toBe(1);
  });

  it("never meets an intent of the same principal", () => {
    const played = heldByBoth();
    played.says("bo", "INTENT_ANNOUNCE", intent("l", ["mine.ts"]));

    const decision = played.says("bo", "INTENT_UPDATE", { intent_id: "k", scope: files("mine.ts") });

    expect(gist(decision)).toEqual(["IntentUpdated"]);
  });

  it("lets go of what it left", () => {
    const played = heldByBoth();
    played.says("bo", "INTENT_UPDATE", { intent_id: "k", scope: files("other.ts") });

    const decision = played.says("cy", "INTENT_ANNOUNCE", intent("c", ["free.ts"]));

    expect(gist(decision)).toEqual(["IntentAnnounced"]);
  });
});

it("describes a conflict with three paths and says how many more there are", () => {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("i", ["d"]));
  const paths = Array.from({ length: 8 }, (_, index) => `d/${index}`);

  const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", paths, PROCEED));

  expect(eventOf(decision, "ConflictOpened").description).toBe("bo and ana both mean to change d/0, d/1, d/2 and 5 more");
});

it("shortens long paths in the description of a conflict, between two characters", () => {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("i", ["d"]));

  const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", [`d/${"x".repeat(76)}😀${"y".repeat(3000)}`], PROCEED));

  expect(eventOf(decision, "ConflictOpened").description).toBe(`bo and ana both mean to change d/${"x".repeat(76)}…`);
});

describe("a scope over more than a hundred intents of others", () => {
  function heldOften(count: number, settings: JsonObject = {}): Play {
    const played = playWith(["ana", "bo"], settings);
    for (let index = 0; index < count; index += 1) played.says("ana", "INTENT_ANNOUNCE", intent(`i${index}`, [`d/${index}`]));
    return played;
  }

  it.each([
    [100, 100],
    [101, 0],
  ])("opens %i conflicts, or none: %i", (held, opened) => {
    const played = heldOften(held);

    played.says("bo", "INTENT_ANNOUNCE", intent("k", ["d"], PROCEED));

    expect(played.state.conflicts.size).toBe(opened);
  });

  it("is refused with what to do, and replaces nothing", () => {
    const played = heldOften(101);
    played.says("bo", "INTENT_ANNOUNCE", intent("own", ["mine"]));

    const decision = played.says("bo", "INTENT_ANNOUNCE", intent("k", ["d", "mine"], PROCEED));

    expect(rejectionOf(decision)).toMatchObject({ code: "scope/refused", message: expect.stringContaining("name fewer files") });
    expect(played.state.intents.get("own" as never)?.state).toBe("ACTIVE");
  });

  it("is refused to an update, which counts only conflicts that do not stand yet", () => {
    const played = heldOften(101, { race_lock: false });
    played.says("bo", "INTENT_ANNOUNCE", intent("k", ["d/0"]));

    const widened = played.says("bo", "INTENT_UPDATE", { intent_id: "k", scope: files("d") });
    played.says("ana", "INTENT_ANNOUNCE", intent("more", ["d/more"]));
    played.says("ana", "INTENT_ANNOUNCE", intent("most", ["e"]));
    const again = played.says("bo", "INTENT_ANNOUNCE", intent("l", ["d", "e"]));

    expect(gist(widened)).toHaveLength(101);
    expect(gist(again)).toBe("scope/refused");
  });
});

describe("the refusal of a scope that meets very much", () => {
  it("quotes twenty paths and says how many more there are", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("i", ["d"]));
    const paths = Array.from({ length: 30 }, (_, index) => `d/${String(index).padStart(2, "0")}`);

    const { message } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("k", paths)));

    expect(message).toContain("'d/18', 'd/19'] and 10 more are already being modified by intent i (principal ana). Call");
  });

  it("fits into a frame", () => {
    const played = playWith(["ana", "bo"]);
    const long = (index: number) => Array.from({ length: 48 }, (_, nth) => `${index}/${String(nth).padEnd(4000, "界")}`);
    for (let index = 0; index < 20; index += 1) {
      played.says("ana", "INTENT_ANNOUNCE", { ...intent(`i${index}`, long(index)), objective: "界".repeat(4096) });
    }

    const rejection = rejectionOf(
      played.says("bo", "INTENT_ANNOUNCE", intent("k", [...Array.from({ length: 20 }, (_, index) => `${index}`), ...long(0).slice(0, 40)])),
    );

    expect(rejection.details?.["total"]).toBe(20);
    expect(new TextEncoder().encode(JSON.stringify(rejection)).length).toBeLessThan(900_000);
  });
});

it("compares names without case where the file system does, also for what was announced elsewhere before", () => {
  const played = heldByAna();
  expect(gist(played.says("bo", "INTENT_ANNOUNCE", intent("k", ["LIB", "Docs"])))).toEqual(["IntentAnnounced"]);

  played.gives({ type: "Opened", session: "s", settings: { fold_case: true } });

  expect(rejectionOf(played.says("cy", "INTENT_ANNOUNCE", intent("c", ["docs"]))).details).toMatchObject({
    overlaps: [{ intent_id: "k" }],
  });
  played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });
  expect([...played.state.index.overlapping(played.state.intents.get("k" as never)?.resources ?? []).keys()]).toEqual(["i"]);
});
