import { describe, expect, it } from "vitest";
import { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { createFreezes } from "./freezes.ts";
import { createNotices } from "./notices.ts";

function hearing() {
  const notices = createNotices();
  const { hear, refused } = createFreezes(notices);
  const say = (message_type: string, payload: object, from = "service:coordinator-s") =>
    hear(InboundEnvelope.parse({ message_type, message_id: "m", sender: { principal_id: from }, payload }));
  const notice = (error_code: string, refers_to: string, description: string) =>
    say("PROTOCOL_ERROR", { error_code, refers_to, description });
  const thaw = (refers_to: string) =>
    say("PROTOCOL_ERROR", { error_code: "SCOPE_FROZEN", refers_to, description: "over", extensions: { signalbox: { freeze: "over" } } });
  return { told: notices.take, say, notice, thaw, refused };
}

const advice = "; edit nothing in it unless submit_change takes it";

it("tells each phase of a reported conflict's freeze once", () => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });

  for (let times = 0; times < 2; times += 1) notice("RESOLUTION_TIMEOUT", "k", "frozen\n(phase 1)");
  say("CONFLICT_REPORT", { conflict_id: "k" });
  notice("RESOLUTION_TIMEOUT", "k", "frozen\n(phase 1)");
  const first = told();
  notice("RESOLUTION_TIMEOUT", "k", "frozen (phase 2)");
  notice("SCOPE_FROZEN", "k", "partially unfrozen for intent i");

  expect([first, told()]).toEqual([[`frozen (phase 1)${advice}`], [`partially unfrozen for intent i${advice}`]]);
});

it.each([
  ["about a conflict that was not reported here", "RESOLUTION_TIMEOUT", "other"],
  ["of another kind", "PARTICIPANT_UNAVAILABLE", "k"],
])("says nothing of a notice %s", (_, code, about) => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });

  notice(code, about, "frozen");

  expect(told()).toEqual([]);
});

describe("the end of a freeze", () => {
  it.each<readonly [string, (world: ReturnType<typeof hearing>) => void, string]>([
    ["that nobody needs any more", ({ thaw }) => thaw("k"), "no two sides dispute it any more"],
    [
      "of which nothing is left",
      ({ say }) => say("RESOLUTION", { conflict_id: "k", decision: "dismissed" }),
      "all that it was about has ended",
    ],
  ])("%s is told once", (_, end, why) => {
    const world = hearing();
    world.say("CONFLICT_REPORT", { conflict_id: "k" });
    world.notice("RESOLUTION_TIMEOUT", "k", "frozen");
    world.told();

    for (let times = 0; times < 2; times += 1) end(world);

    expect(world.told()).toEqual([`what conflict k is about is not frozen any more (${why}): what you wanted there may go on`]);
  });

  it("is told to nobody who was not told of the freeze", () => {
    const { told, say, thaw } = hearing();
    say("CONFLICT_REPORT", { conflict_id: "k" });

    thaw("k");
    thaw("other");
    say("RESOLUTION", { conflict_id: "k", decision: "dismissed" });

    expect(told()).toEqual([]);
  });

  it("is not told to whoever has not been told of the freeze yet, which is told no more either", () => {
    const { told, say, notice, thaw } = hearing();
    say("CONFLICT_REPORT", { conflict_id: "k" });
    for (const words of ["frozen (phase 1)", "frozen (phase 2)"]) notice("RESOLUTION_TIMEOUT", "k", words);

    thaw("k");

    expect(told()).toEqual([]);
  });

  it("is told to whoever was told of a phase before", () => {
    const { told, say, notice, thaw } = hearing();
    say("CONFLICT_REPORT", { conflict_id: "k" });
    notice("RESOLUTION_TIMEOUT", "k", "frozen (phase 1)");
    told();
    notice("RESOLUTION_TIMEOUT", "k", "frozen (phase 2)");

    thaw("k");

    expect(told()).toEqual([expect.stringContaining("not frozen any more")]);
  });

  it("is somebody's decision where there is one, of which the decision tells", () => {
    const { told, say, notice } = hearing();
    say("CONFLICT_REPORT", { conflict_id: "k" });
    notice("RESOLUTION_TIMEOUT", "k", "frozen");
    told();

    say("RESOLUTION", { conflict_id: "k", decision: "dismissed" }, "ana");

    expect(told()).toEqual([]);
  });

  it.each<readonly [string, (world: ReturnType<typeof hearing>) => void, string]>([
    ["nobody needs it any more", ({ thaw }) => thaw("k"), "no two sides dispute it any more"],
    ["somebody has resolved it", ({ say }) => say("RESOLUTION", { conflict_id: "k", decision: "approved" }, "dee"), "it was resolved"],
  ])("is told to whoever began something in a part of its scope when %s", (_, end, why) => {
    const world = hearing();
    const extensions = { signalbox: { frozen: ["k"] } };
    world.say("PROTOCOL_ERROR", { error_code: "SCOPE_FROZEN", description: "Warning: a part", refers_to: "m7", extensions });
    world.notice("RESOLUTION_TIMEOUT", "k", "frozen (phase 2)");
    expect(world.told()).toEqual([]);

    for (let times = 0; times < 2; times += 1) end(world);

    expect(world.told()).toEqual([`what conflict k is about is not frozen any more (${why}): what you wanted there may go on`]);
  });

  it.each<readonly [string, (world: ReturnType<typeof hearing>) => void, string]>([
    ["nobody needs it any more", ({ thaw }) => thaw("k"), "no two sides dispute it any more"],
    ["somebody has resolved it", ({ say }) => say("RESOLUTION", { conflict_id: "k", decision: "approved" }, "dee"), "it was resolved"],
  ])("is told once to whoever was refused there, when %s", (_, end, why) => {
    const world = hearing();
    const details = { conflicts: ["k", 5] };
    for (let times = 0; times < 2; times += 1) world.refused({ code: "scope/frozen", message: "all of the scope is frozen", details });
    world.refused({ code: "intent/held", message: "held", details: { conflicts: ["other"] } });

    for (let times = 0; times < 2; times += 1) end(world);
    world.thaw("other");

    const may = "what was refused you there with SCOPE_FROZEN may be tried again";
    expect(world.told()).toEqual([`what conflict k is about is not frozen any more (${why}): ${may}`]);
  });

  it.each<readonly [string, (world: ReturnType<typeof hearing>) => void]>([
    ["nobody needs it any more", ({ thaw }) => thaw("k")],
    ["somebody has decided it, and says so", ({ say }) => say("RESOLUTION", { conflict_id: "k", decision: "approved" }, "dee")],
  ])("frees nothing that another conflict froze as well: of that the last one tells, when %s", (_, end) => {
    const world = hearing();
    world.say("CONFLICT_REPORT", { conflict_id: "k" });
    const details = { conflicts: ["k", "l", "m"] };
    world.refused({ code: "scope/frozen", message: "all of the scope is frozen", details });

    world.thaw("l");
    const still = world.told();
    end(world);
    world.told();
    world.thaw("m");

    const over = "is about is not frozen any more (no two sides dispute it any more): what was refused you there";
    expect(still).toEqual([`what conflict l ${over} is frozen still by k, m, and a later result says when it is free`]);
    expect(world.told()).toEqual([`what conflict m ${over} with SCOPE_FROZEN may be tried again`]);
  });

  it("is no end of what comes later", () => {
    const { told, say, notice, thaw } = hearing();
    say("CONFLICT_REPORT", { conflict_id: "k" });
    notice("RESOLUTION_TIMEOUT", "k", "frozen");
    thaw("k");
    told();

    notice("RESOLUTION_TIMEOUT", "k", "frozen");

    expect(told()).toEqual([`frozen${advice}`]);
  });
});

it("says nothing more once the conflict is resolved", () => {
  const { told, say, notice } = hearing();
  say("CONFLICT_REPORT", { conflict_id: "k" });
  say("RESOLUTION", { conflict_id: "k" });

  notice("RESOLUTION_TIMEOUT", "k", "frozen");

  expect(told()).toEqual([]);
});

it("forgets the oldest conflicts first", () => {
  const { told, say, notice } = hearing();
  for (let n = 0; n <= 200; n += 1) say("CONFLICT_REPORT", { conflict_id: `k${n}` });

  for (const id of ["k0", "k1"]) notice("RESOLUTION_TIMEOUT", id, `frozen by ${id}`);

  expect(told()).toEqual([`frozen by k1${advice}`]);
});
