import { describe, expect, it } from "vitest";
import { ANA_TREE, BO_TREE, files, type Play, play, signalbox } from "../../core/session/session.test.fixture.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import { EMPTY_REF } from "../../wire/references.ts";
import {
  behindCandidates,
  createBehind,
  dirtyOf,
  type Observations,
  type ObservedTree,
  viewObservedOver,
  viewUndeclared,
  viewWork,
  type WorkSigns,
} from "./observed-views.ts";

const [ANA, BO, CY] = ["ana" as PrincipalId, "bo" as PrincipalId, "cy" as PrincipalId];
const ref = (digit: string) => `sha256:${digit.repeat(64)}`;

/** Ana and cy work in one worktree, bo in another. */
function session(): Play {
  const played = play();
  for (const [id, tree] of [
    ["ana", ANA_TREE],
    ["cy", ANA_TREE],
    ["bo", BO_TREE],
  ] as const)
    played.says(id, "HELLO", signalbox({ worktree: { id: tree, path: `/w/${tree[0]}`, branch: `on-${id}` } }));
  return played;
}

function observing(changed: { [tree: string]: readonly string[] }, disk: { [place: string]: string } = {}): Observations {
  const trees = new Map<string, ObservedTree>(
    Object.entries(changed).map(([id, paths]) => [
      id,
      { id, path: `/w/${id[0]}`, branch: "main", changed: paths, total: paths.length, atMs: 0 },
    ]),
  );
  return {
    tree: (id) => trees.get(id),
    trees: () => trees.values(),
    refresh: () => Promise.resolve(),
    isEditedSince: (_id, path) => path.startsWith("edited"),
    reference: (id, path) => Promise.resolve(disk[`${id[0]}:${path}`] ?? null),
  };
}

describe("edits that nobody announced", () => {
  it("are those outside every live intent of their own worktree", () => {
    const played = session();
    played.says("cy", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("src") });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("README.md") });
    const observations = observing({ [ANA_TREE]: ["src/a.ts", "README.md"], [BO_TREE]: ["README.md"] });

    const seen = viewUndeclared(played.state, observations, ANA);

    expect(seen).toEqual([
      {
        worktree: "/w/a",
        branch: "main",
        principals: ["ana", "cy"],
        paths: ["README.md"],
        observed_at: "1970-01-01T00:00:00.000Z",
        yours: true,
      },
    ]);
  });

  it("become undeclared again when the intent ends", () => {
    const played = session();
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("a.ts") });
    const observations = observing({ [BO_TREE]: ["a.ts"] });
    const before = viewUndeclared(played.state, observations, ANA);

    played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });

    expect([before.length, viewUndeclared(played.state, observations, ANA).length]).toEqual([0, 1]);
  });

  it("are not what a task submitted, until that is edited again", () => {
    const played = session();
    for (const target of ["a.ts", "edited.ts"])
      played.says("bo", "OP_COMMIT", {
        op_id: target,
        target,
        state_ref_before: EMPTY_REF,
        state_ref_after: ref("1"),
        ...signalbox({ observed: EMPTY_REF }),
      });

    expect(viewUndeclared(played.state, observing({ [BO_TREE]: ["a.ts", "edited.ts"] }), ANA)).toMatchObject([{ paths: ["edited.ts"] }]);
  });

  it("meet the asked paths, and are not the asker's own where it works alone", () => {
    const played = session();
    const observations = observing({ [ANA_TREE]: ["src/a.ts", "b.ts"], [BO_TREE]: ["src/a.ts"] });
    const treesFor = (asker: PrincipalId, ...paths: string[]) =>
      viewObservedOver(played.state, observations, asker, paths).map(({ worktree, paths: met }) => [worktree, ...met]);

    expect(treesFor(BO, "src/*.ts")).toEqual([["/w/a", "src/a.ts"]]);
    expect(treesFor(ANA, "src")).toEqual([
      ["/w/a", "src/a.ts"], // cy works there, too
      ["/w/b", "src/a.ts"],
    ]);
    expect(treesFor(CY, "docs")).toEqual([]);
  });

  it("show as changed files of everybody who works there, cut and counted", () => {
    const played = session();
    const many = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const [ana] = [played.state.participants.get(ANA)];

    expect(ana && dirtyOf(observing({ [ANA_TREE]: many }), ana)).toMatchObject({ dirty_files: many.slice(0, 10), dirty_count: 30 });
    expect(ana && dirtyOf(observing({}), ana)).toEqual({});
    expect(viewUndeclared(played.state, observing({ [ANA_TREE]: many }), BO)[0]).toMatchObject({
      paths: many.slice(0, 20),
      path_count: 30,
    });
  });
});

describe("what another tree has and one's own lacks", () => {
  const commit = (played: Play, who: string, id: string, target: string, before: string, after: string) =>
    played.says(who, "OP_COMMIT", {
      op_id: id,
      target,
      state_ref_before: before,
      state_ref_after: after,
      ...signalbox({ observed: before }),
    });
  const behind = async (played: Play, asker: PrincipalId, disk: { [place: string]: string }, paths = ["src"]) => {
    const observations = observing({ [ANA_TREE]: [], [BO_TREE]: [] }, disk);
    return (await createBehind(observations)(behindCandidates(played.state, observations, asker, paths))).map(
      ({ path, by, branch, worktree }) => ({
        path,
        by,
        branch,
        worktree,
      }),
    );
  };

  it("is told with who wrote it, where and on which branch", async () => {
    const played = session();
    commit(played, "bo", "o1", "src/a.ts", EMPTY_REF, ref("1"));

    expect(await behind(played, ANA, { "a:src/a.ts": ref("0") })).toEqual([
      { path: "src/a.ts", by: "bo", branch: "on-bo", worktree: "/w/b" },
    ]);
    expect(await behind(played, ANA, {}, ["docs"])).toEqual([]);
    expect(await behind(played, BO, {})).toEqual([]);
  });

  it("is nothing once the own disk says the same, or an own operation was built on it", async () => {
    const played = session();
    commit(played, "bo", "o1", "src/a.ts", EMPTY_REF, ref("1"));
    expect(await behind(played, ANA, { "a:src/a.ts": ref("1") })).toEqual([]);

    commit(played, "cy", "o2", "src/a.ts", ref("1"), ref("2"));

    expect(await behind(played, ANA, { "a:src/a.ts": ref("2") })).toEqual([]);
    expect(await behind(played, BO, { "b:src/a.ts": ref("1") })).toMatchObject([{ by: "cy" }]);
  });

  it("is not told again of a content that stood there, whatever was made of it since", async () => {
    const played = session();
    commit(played, "bo", "o1", "src/a.ts", EMPTY_REF, ref("1"));
    const disk = { "a:src/a.ts": ref("1") };
    const observations = observing({ [ANA_TREE]: [], [BO_TREE]: [] }, disk);
    const behindOf = createBehind(observations);
    const ask = () => behindOf(behindCandidates(played.state, observations, ANA, ["src/a.ts"]));
    await ask();

    disk["a:src/a.ts"] = ref("3");

    expect(await ask()).toEqual([]);
  });

  it("is a deleted file where the own one still stands, and nothing where it is gone", async () => {
    const played = session();
    commit(played, "bo", "o1", "src/a.ts", ref("1"), EMPTY_REF);

    expect(await behind(played, ANA, { "a:src/a.ts": ref("1") })).toHaveLength(1);
    expect(await behind(played, ANA, {})).toEqual([]);
  });

  it("is only the last of each tree, and not what was taken back", async () => {
    const played = session();
    commit(played, "bo", "o1", "src/a.ts", EMPTY_REF, ref("1"));
    commit(played, "bo", "o2", "src/a.ts", ref("1"), ref("2"));
    expect(await behind(played, ANA, { "a:src/a.ts": ref("2") })).toEqual([]);

    played.says("bo", "OP_SUPERSEDE", { op_id: "o3", supersedes_op_id: "o2", target: "src/a.ts", state_ref_after: ref("0") });

    expect(await behind(played, ANA, { "a:src/a.ts": ref("0") })).toEqual([]);
  });
});

describe("whether work goes on", () => {
  function signs(lastWorkMs: WorkSigns["lastWorkMs"] = () => undefined, sleptMs = 0): WorkSigns {
    return { lastWorkMs, sleptSince: () => sleptMs };
  }

  it("does not take a night's sleep for a time without work", () => {
    const seen = viewWork(
      session().state,
      observing({}),
      ANA,
      signs(() => 1_000, 60_000),
    );

    expect(seen.last_sign_at).toBe("1970-01-01T00:01:01.000Z");
  });

  it("shows by the last hook of the client, or the last edit in the worktree", () => {
    const played = session();
    const tree = { id: ANA_TREE, path: "/w/a", changed: ["a.ts"], total: 1, atMs: 0, lastEditAtMs: 5_000 };
    const observations: Observations = { ...observing({}), tree: () => tree };
    const signOf = (hookMs: number | undefined) =>
      viewWork(
        played.state,
        observations,
        ANA,
        signs(() => hookMs),
      ).last_sign_at;

    expect(signOf(undefined)).toBe("1970-01-01T00:00:05.000Z");
    expect(signOf(9_000)).toBe("1970-01-01T00:00:09.000Z");
    expect(viewWork(played.state, observing({}), ANA, signs()).last_sign_at).toBeNull();
  });

  it("of a sub-agent shows by its client's hooks as well", () => {
    const played = session();
    const seen = viewWork(
      played.state,
      observing({}),
      "ana/tests" as PrincipalId,
      signs((who) => (who === "ana" ? 1_000 : undefined)),
    );

    expect(seen.last_sign_at).toBe("1970-01-01T00:00:01.000Z");
  });

  it("names the uncommitted files of its own live tasks", () => {
    const played = session();
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("src") });

    const seen = viewWork(played.state, observing({ [ANA_TREE]: ["src/a.ts", "b.ts"] }), ANA, signs());

    expect(seen).toMatchObject({ uncommitted: ["src/a.ts"], uncommitted_count: 1 });
  });

  it("counts what is held as uncommitted where more files have changed than are kept by name", () => {
    const played = session();
    const tree = { id: ANA_TREE, path: "/w/a", changed: ["b.ts"], total: 2, atMs: 0 };
    const observations: Observations = { ...observing({}), tree: () => tree };
    const uncommitted = () => viewWork(played.state, observations, ANA, signs()).uncommitted_count;

    const before = uncommitted();
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("src") });

    expect([before, uncommitted()]).toEqual([0, 1]);
  });
});
