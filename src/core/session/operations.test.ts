/** Operations that are committed at once, what supersedes them, and the fence; `operation-machine.test.ts` has the whole table. */
import { describe, expect, it } from "vitest";
import type { IntentId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { eventOf, files, gist, type Play, playWith, rejectionOf, signalbox } from "./session.test.fixture.ts";

type State = "none" | "COMMITTED" | "SUPERSEDED";

const sha = (digit: string, digits = 64): string => `sha256:${digit.repeat(digits)}`;
const commit = (more: JsonObject = {}): JsonObject => ({ op_id: "o", target: "a.ts", state_ref_after: sha("1"), ...more });
const takesItBack = (more: JsonObject = {}): JsonObject => ({
  op_id: "o2",
  supersedes_op_id: "o",
  target: "a.ts",
  state_ref_after: sha("2"),
  ...more,
});
const stateOf = (played: Play, id: string): string => played.state.operations.get(id as OpId)?.state ?? "none";

const GIVEN: Readonly<Record<State, (played: Play) => void>> = {
  none: () => undefined,
  COMMITTED: (played) => void played.says("ana", "OP_COMMIT", commit()),
  SUPERSEDED(played) {
    played.says("ana", "OP_COMMIT", commit());
    played.says("ana", "OP_SUPERSEDE", takesItBack({ op_id: "o1" }));
  },
};

type Cell = readonly [gives: string | readonly string[], becomes: State];

const EVENTS: readonly {
  readonly name: string;
  readonly when: (played: Play) => Cell[0];
  readonly row: Readonly<Record<State, Cell>>;
}[] = [
  {
    name: "committed",
    when: (played) => gist(played.says("ana", "OP_COMMIT", commit())),
    row: { none: [["OperationCommitted"], "COMMITTED"], COMMITTED: ["standing", "COMMITTED"], SUPERSEDED: ["standing", "SUPERSEDED"] },
  },
  {
    name: "committed under the same id with other content",
    when: (played) => gist(played.says("ana", "OP_COMMIT", commit({ target: "b.ts" }))),
    row: { none: [["OperationCommitted"], "COMMITTED"], COMMITTED: ["id/taken", "COMMITTED"], SUPERSEDED: ["id/taken", "SUPERSEDED"] },
  },
  {
    name: "committed under the same id by another",
    when: (played) => gist(played.says("bo", "OP_COMMIT", commit())),
    row: { none: [["OperationCommitted"], "COMMITTED"], COMMITTED: ["id/taken", "COMMITTED"], SUPERSEDED: ["id/taken", "SUPERSEDED"] },
  },
  {
    name: "superseded by its author",
    when: (played) => gist(played.says("ana", "OP_SUPERSEDE", takesItBack())),
    row: {
      none: ["operation/unknown", "none"],
      COMMITTED: [["OperationSuperseded"], "SUPERSEDED"],
      SUPERSEDED: ["operation/not-committed", "SUPERSEDED"],
    },
  },
  {
    name: "superseded by another",
    when: (played) => gist(played.says("bo", "OP_SUPERSEDE", takesItBack())),
    row: {
      none: ["operation/unknown", "none"],
      COMMITTED: ["operation/not-owner", "COMMITTED"],
      SUPERSEDED: ["operation/not-owner", "SUPERSEDED"],
    },
  },
  {
    name: "superseded by one with another target",
    when: (played) => gist(played.says("ana", "OP_SUPERSEDE", takesItBack({ target: "b.ts" }))),
    row: {
      none: ["operation/unknown", "none"],
      COMMITTED: ["message/malformed", "COMMITTED"],
      SUPERSEDED: ["operation/not-committed", "SUPERSEDED"],
    },
  },
];

describe.each(EVENTS)("an operation $name", ({ when, row }) => {
  it.each((Object.keys(GIVEN) as State[]).map((state) => ({ state, gives: row[state][0], becomes: row[state][1] })))(
    "that is $state gives $gives and is $becomes",
    ({ state, gives, becomes }) => {
      const played = playWith(["ana", "bo"]);
      GIVEN[state](played);

      const given = when(played);

      expect(given).toEqual(gives);
      expect(stateOf(played, "o")).toBe(becomes);
    },
  );
});

it("answers a superseding operation that is repeated with the first outcome, and refuses another under its id", () => {
  const played = playWith(["ana"]);
  GIVEN.COMMITTED(played);
  played.says("ana", "OP_SUPERSEDE", takesItBack());

  expect(played.says("ana", "OP_SUPERSEDE", takesItBack())).toEqual({ standing: { revision: 4 } });
  expect(gist(played.says("ana", "OP_SUPERSEDE", takesItBack({ reason: "another" })))).toBe("id/taken");
  expect(played.state.operations.get("o2" as OpId)).toMatchObject({
    state: "COMMITTED",
    stateRefBefore: sha("1"),
    stateRefAfter: sha("2"),
  });
});

describe("an operation's intent", () => {
  type Named = "ACTIVE" | "SUSPENDED" | "WITHDRAWN" | "bo's" | "unknown";

  function playNaming(state: Named): Play {
    const played = playWith(["ana", "bo"]);
    const scope = files("a.ts");
    if (state === "bo's") played.says("bo", "INTENT_ANNOUNCE", { intent_id: "i", scope });
    else if (state !== "unknown") played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope });
    if (state === "WITHDRAWN") played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    if (state === "SUSPENDED") played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
    return played;
  }

  const accepted = ["OperationCommitted"];
  const rows: readonly {
    readonly state: Named;
    readonly fence: number | undefined;
    readonly commits: unknown;
    readonly supersedes: unknown;
  }[] = [
    { state: "ACTIVE", fence: 1, commits: accepted, supersedes: ["OperationSuperseded"] },
    { state: "ACTIVE", fence: undefined, commits: accepted, supersedes: ["OperationSuperseded"] },
    { state: "ACTIVE", fence: 0, commits: "intent/fence-passed", supersedes: "intent/fence-passed" },
    { state: "ACTIVE", fence: 2, commits: "intent/fence-passed", supersedes: "intent/fence-passed" },
    { state: "SUSPENDED", fence: 1, commits: "intent/suspended", supersedes: "intent/suspended" },
    { state: "SUSPENDED", fence: undefined, commits: "intent/suspended", supersedes: ["OperationSuperseded"] },
    { state: "WITHDRAWN", fence: 1, commits: "intent/ended", supersedes: "intent/ended" },
    { state: "WITHDRAWN", fence: undefined, commits: accepted, supersedes: ["OperationSuperseded"] },
    { state: "bo's", fence: 1, commits: "intent/not-owner", supersedes: "intent/not-owner" },
    { state: "bo's", fence: undefined, commits: "intent/not-owner", supersedes: "intent/not-owner" },
    { state: "unknown", fence: 1, commits: "intent/unknown", supersedes: "intent/unknown" },
    { state: "unknown", fence: undefined, commits: accepted, supersedes: ["OperationSuperseded"] },
  ];

  it.each(rows)("that is $state, presented with the fence $fence, gives $commits", ({ state, fence, commits, supersedes }) => {
    const played = playNaming(state);
    const named = { intent_id: "i", ...(fence === undefined ? {} : signalbox({ fence })) };
    played.says("ana", "OP_COMMIT", commit({ op_id: "earlier" }));

    expect(gist(played.says("ana", "OP_COMMIT", commit(named)))).toEqual(commits);
    expect(gist(played.says("ana", "OP_SUPERSEDE", takesItBack({ supersedes_op_id: "earlier", ...named })))).toEqual(supersedes);
  });

  it("passes its fence when it was suspended and came back", () => {
    const played = playNaming("SUSPENDED");
    played.says("ana", "HEARTBEAT");

    const old = played.says("ana", "OP_COMMIT", commit({ intent_id: "i", ...signalbox({ fence: 1 }) }));
    const fresh = played.says("ana", "OP_COMMIT", commit({ intent_id: "i", ...signalbox({ fence: 2 }) }));

    expect(rejectionOf(old)).toMatchObject({ code: "intent/fence-passed", details: { fence: 2 } });
    expect(gist(fresh)).toEqual(accepted);
  });

  it("must be named with a fence", () => {
    expect(gist(playNaming("ACTIVE").says("ana", "OP_COMMIT", commit(signalbox({ fence: 1 }))))).toBe("message/malformed");
  });

  it("keeps the operations that were committed under it while it lived", () => {
    const played = playNaming("ACTIVE");
    played.says("ana", "OP_COMMIT", commit({ intent_id: "i" }));
    played.says("ana", "OP_SUPERSEDE", takesItBack());
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    played.says("ana", "OP_COMMIT", commit({ op_id: "late", intent_id: "i" }));

    expect(played.state.intents.get("i" as IntentId)?.operations).toEqual(["o", "o2"]);
  });

  it.each<readonly [string, Named, string, boolean]>([
    ["covers the target", "ACTIVE", "a.ts", false],
    ["does not cover the target", "ACTIVE", "b.ts", true],
    ["is suspended", "SUSPENDED", "a.ts", true],
    ["has ended", "WITHDRAWN", "a.ts", true],
    ["is another's", "bo's", "a.ts", true],
  ])("that %s decides whether the operation is uncoordinated", (_, state, target, uncoordinated) => {
    const decision = playNaming(state).says("ana", "OP_COMMIT", commit({ target }));

    expect(eventOf(decision, "OperationCommitted").uncoordinated).toBe(uncoordinated);
  });

  it.each<readonly [string, Named, string, boolean]>([
    ["covers the target", "ACTIVE", "a.ts", false],
    ["does not cover the target", "ACTIVE", "b.ts", true],
    ["covers a part of the pattern", "ACTIVE", "*.ts", true],
    ["has ended", "WITHDRAWN", "a.ts", true],
  ])("one that is named and %s decides it, too", (_, state, target, uncoordinated) => {
    const decision = playNaming(state).says("ana", "OP_COMMIT", commit({ target, intent_id: "i" }));

    expect(eventOf(decision, "OperationCommitted").uncoordinated).toBe(uncoordinated);
  });

  it("is coordinated by an intent that covers the target, whichever it names", () => {
    const played = playNaming("ACTIVE");
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i2", scope: files("b.ts") });

    const decision = played.says("ana", "OP_COMMIT", commit({ target: "b.ts", intent_id: "i" }));

    expect(eventOf(decision, "OperationCommitted").uncoordinated).toBe(false);
  });

  it("is not coordinated by the intent of another that it is proposed under", () => {
    const decision = playNaming("bo's").says("ana", "OP_PROPOSE", commit({ intent_id: "i" }));

    expect(eventOf(decision, "OperationProposed").uncoordinated).toBe(true);
  });
});
