/**
 * How long an announcement, a commit and a conflict take, there and back, with 10, 1,000 and 10,000 live intents: against the
 * two coordinators that MPAC's authors wrote. Neither of them keeps anything on a disk; ours has it there before it answers.
 *
 * `MPAC_REFERENCE` names a checkout of the protocol's repository, `MPAC_PYTHON` a Python that has `websockets`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, startNode, startProgram } from "../smoke/support/processes.ts";
import { DROPPED_BLOCKS, isReached, median, medianOf } from "./method.ts";
import { type Bench, type Measured, type Measurement } from "./measurement.ts";
import { createOwned, type Owned } from "./support/owned.ts";
import { startSidecar } from "./support/peers.ts";
import { joinPlainly, type PlainClient } from "./support/plain-client.ts";
import { digits } from "./report.ts";

const SIZES = [10, 1_000, 10_000] as const;
type Size = (typeof SIZES)[number];

/** Operations of each kind in one block: the slowest of the three coordinators takes a tenth of a second for one. */
const OPERATIONS = 15;

/** Blocks that count, at most: there are three coordinators and nine figures of each. */
const MOST_BLOCKS = 7;

const AT_ONCE = 100;

/** How many times as long as ours an announcement takes in the Python server, with 1,000 live intents. */
const GOAL = { atLeast: 10 };

const KINDS = ["announce", "commit", "conflict"] as const;
type Kind = (typeof KINDS)[number];

interface Side {
  readonly name: "ours" | "python" | "typescript";
  readonly ana: PlainClient;
  /** Makes bo hold the intents of these numbers. */
  readonly hold: (first: number, last: number) => Promise<void>;
  /** Intents that bo holds. */
  held: number;
}

const scope = (...resources: string[]) => ({ kind: "file_set", resources });
const announcement = (id: string, ...resources: string[]) => ({
  intent_id: id,
  objective: "move the clock",
  scope: scope(...resources),
  ttl_sec: 86_400,
});

/** What stands in the way of the comparison. */
function missing(): string | undefined {
  const checkout = process.env["MPAC_REFERENCE"];
  if (checkout === undefined) return "MPAC_REFERENCE names no checkout of the protocol's repository";
  return existsSync(join(checkout, "mpac-package/src/mpac_protocol/server.py")) ? undefined : `${checkout} is no checkout of it`;
}

async function side(owned: Owned, name: Side["name"], uri: string, hold?: Side["hold"]): Promise<Side> {
  const bo = owned.use(await joinPlainly(uri, "bo"));
  return { name, ana: owned.use(await joinPlainly(uri, "ana")), hold: hold ?? ((first, last) => announceAll(bo, first, last)), held: 0 };
}

async function announceAll(bo: PlainClient, first: number, last: number): Promise<void> {
  for (let from = first; from < last; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, last - from);
    await bo.sendAll(
      Array.from({ length: count }, (_, index) => ["INTENT_ANNOUNCE", announcement(`held-${from + index}`, heldBy(from + index))] as const),
    );
  }
}

async function sides(bench: Bench, owned: Owned): Promise<Side[]> {
  const checkout = process.env["MPAC_REFERENCE"] ?? "";
  const source = (name: string): string => fileURLToPath(new URL(`support/${name}`, import.meta.url));
  const uriOf = async (program: Program): Promise<string> => `ws://127.0.0.1:${await program.stdout.next((line) => /^\d+$/.test(line))}`;
  const python = owned.use(
    startProgram(process.env["MPAC_PYTHON"] ?? "python3", [source("reference-python.py")], {
      cwd: bench.scratch.folder,
      env: { ...bench.env, PYTHONPATH: join(checkout, "mpac-package/src") },
    }),
  );
  const typescript = owned.use(
    startNode(["--import", import.meta.resolve("tsx"), source("reference-typescript.ts"), checkout], {
      cwd: bench.scratch.folder,
      env: bench.env,
    }),
  );
  const sidecar = owned.use(await startSidecar(bench, "reference"));
  return [
    await side(owned, "ours", sidecar.uri),
    await side(owned, "python", `${await uriOf(python)}/session/bench`, async (first, last) => {
      python.write(`hold ${first} ${last}\n`);
      await python.stdout.next((line) => line === `held ${last}`);
    }),
    await side(owned, "typescript", await uriOf(typescript)),
  ];
}

async function fill(target: Side, size: Size): Promise<void> {
  await target.hold(target.held, size);
  target.held = size;
}

const heldBy = (number: number): string => `held/part-${number % 97}/clock-${number}.ts`;

let drawn = 0;

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** One block of one coordinator: how long half of the operations of each kind took at most, in milliseconds. */
async function block({ ana }: Side): Promise<Record<Kind, number>> {
  const ids: string[] = [];
  const announce = await medianOf(OPERATIONS, () => {
    const id = `mine-${(drawn += 1)}`;
    ids.push(id);
    return timed(() => ana.send("INTENT_ANNOUNCE", announcement(id, `src/${id}.ts`)));
  });
  const commit = await medianOf(OPERATIONS, (index) => {
    const operation = { op_id: `op-${(drawn += 1)}`, intent_id: ids[index], target: `src/${String(ids[index])}.ts`, op_kind: "replace" };
    return timed(() =>
      ana.send("OP_COMMIT", { ...operation, state_ref_before: null, state_ref_after: `sha256:${String(drawn).padStart(16, "0")}` }),
    );
  });
  const conflict = await medianOf(OPERATIONS, (index) => {
    const widened = scope(`src/${String(ids[index])}.ts`, heldBy(index % SIZES[0]));
    return timed(() => ana.sendFor("INTENT_UPDATE", { intent_id: ids[index], scope: widened }, "CONFLICT_REPORT"));
  });
  for (const id of ids) await ana.send("INTENT_WITHDRAW", { intent_id: id, reason: "done" });
  return { announce, commit, conflict };
}

type Figures = Record<Side["name"], Record<Kind, number[]>>;

const empty = (): Record<Kind, number[]> => ({ announce: [], commit: [], conflict: [] });

async function at(size: Size, all: readonly Side[], blocks: number): Promise<Figures> {
  for (const one of all) await fill(one, size);
  const figures: Figures = { ours: empty(), python: empty(), typescript: empty() };
  for (let number = 0; number < DROPPED_BLOCKS + blocks; number += 1) {
    for (const one of all) {
      const took = await block(one);
      if (number >= DROPPED_BLOCKS) for (const kind of KINDS) figures[one.name][kind].push(took[kind]);
    }
  }
  return figures;
}

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const all = await sides(bench, owned);
  const notes: string[] = [];
  const shown: Record<string, number> = {};
  for (const size of SIZES) {
    const figures = await at(size, all, Math.min(bench.blocks, MOST_BLOCKS));
    for (const kind of KINDS) {
      const [ours, python, typescript] = (["ours", "python", "typescript"] as const).map((name) => median(figures[name][kind]));
      if (ours === undefined || python === undefined || typescript === undefined) continue;
      const name = `${kind} with ${size.toLocaleString("en-US")} live intents`;
      notes.push(
        `${name}: ${digits(ours)} ms; the Python server ${digits(python)} ms, the TypeScript coordinator ${digits(typescript)} ms`,
      );
      Object.assign(shown, {
        [`${kind}_${size}_ms`]: ours,
        [`${kind}_${size}_python`]: python / ours,
        [`${kind}_${size}_typescript`]: typescript / ours,
      });
    }
  }
  const ratio = shown["announce_1000_python"] ?? 0;
  const growth = (shown["announce_10000_ms"] ?? 0) / (shown["announce_10_ms"] ?? 1);
  return {
    kind: "figures",
    verdict: isReached(GOAL, ratio) ? "met" : "missed",
    shown: `the Python server takes ${digits(ratio)} times as long at 1,000; ours ${digits(growth)} times as long at 10,000 as at 10`,
    figures: shown,
    notes,
  };
}

export const reference: Measurement = {
  name: "reference",
  what: "announce, commit and conflict, there and back",
  against: "MPAC's own Python server and TypeScript coordinator",
  goal: GOAL,
  missing,
  measure,
};
