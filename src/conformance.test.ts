/**
 * That two tables of docs/mpac.md say what is so: every line of the checklist has its row, every test that a row names is there
 * under that name, and what is not done says why; and every suite of the reference has scripts of ours.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Lines of the checklist of MPAC 0.1.15. */
const LINES = 119;

interface Row {
  readonly number: number;
  readonly stands: string;
  readonly words: string;
  readonly proofs: readonly { readonly file: string; readonly title: string }[];
}

const ROW = /^\| (\d+) \| (?:[^|]+) \| (?:[^|]+) \| ([^|]*) \| ([^|]*) \|$/gm;
const PROOF = /^`([^`]+)`: (.+)$/;

function rowsIn(page: string): Row[] {
  const [, table = ""] = page.split("\n## Conformance\n");
  return [...table.matchAll(ROW)].map(([, number, stands = "", cell = ""]) => ({ number: Number(number), stands, ...read(cell) }));
}

/** A cell's words, and the tests that it names. */
function read(cell: string): Pick<Row, "words" | "proofs"> {
  const parts = cell.split("<br>").map((part) => part.trim());
  const proofs = parts.flatMap((part) => {
    const [, file, title] = PROOF.exec(part) ?? [];
    return file === undefined || title === undefined ? [] : [{ file, title }];
  });
  return { words: parts.filter((part) => !PROOF.test(part)).join(" "), proofs };
}

/** Suites of the reference, the Python package's and those of its two implementations by one name. */
const SUITES = 18;

const SUITE = /^\| `([a-z0-9_]+)` \| (\d+)(?: and (\d+))? \| ([^|]*) \|$/gm;

interface Suite {
  readonly name: string;
  readonly cases: number;
  readonly proofs: Row["proofs"];
}

function suitesIn(page: string): Suite[] {
  const [, rest = ""] = page.split("\n## The reference suites\n");
  const [table = ""] = rest.split("\n## ");
  return [...table.matchAll(SUITE)].map(([, name = "", one, other = "0", cell = ""]) => ({
    name,
    cases: Number(one) + Number(other),
    proofs: read(cell).proofs,
  }));
}

/** Where the name of a test, of a row of one, or of a step of a smoke begins. */
const TITLE = /(?:\b(?:it|describe|step)\(|\b(?:it|describe)\.\w+\(|\)\(|\bname:)\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)/g;

/** Names of tests as they are written in the file; undefined when there is no such file. */
function titlesOf(file: string): ReadonlySet<string> | undefined {
  const path = new URL(`../${file.startsWith("smoke/") ? file : `src/${file}`}`, import.meta.url);
  if (!existsSync(path)) return undefined;
  const literals = [...readFileSync(path, "utf8").matchAll(TITLE)].map(([, literal = ""]) => literal.slice(1, -1));
  return new Set(literals.map((literal) => literal.replaceAll('\\"', '"')));
}

/** Tests that are named and are not there. */
function absentOf(proofs: Row["proofs"], titles = titlesOf): string[] {
  return proofs.filter(({ file, title }) => titles(file)?.has(title) !== true).map(({ file, title }) => `${file}: ${title}`);
}

function faultsOf({ number, stands, words, proofs }: Row, titles = titlesOf): string[] {
  const absent = absentOf(proofs, titles);
  const faults = absent.map((proof) => `there is no test ${proof}`);
  if (!["yes", "partly", "no"].includes(stands)) faults.push(`says «${stands}», which is none of yes, partly and no`);
  if (stands !== "no" && proofs.length === 0) faults.push("names no test");
  if (stands !== "yes" && words === "") faults.push("does not say what is not done, and why");
  return faults.map((fault) => `line ${number} ${fault}`);
}

describe("the conformance table", () => {
  const rows = rowsIn(readFileSync(new URL("../docs/mpac.md", import.meta.url), "utf8"));

  it("has a row for every line of the checklist, in order", () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LINES }, (_, index) => index + 1));
  });

  it("names tests that there are, and says of what is not done why", () => {
    expect(rows.flatMap((row) => faultsOf(row))).toEqual([]);
  });
});

describe("the table of the reference's suites", () => {
  const suites = suitesIn(readFileSync(new URL("../docs/mpac.md", import.meta.url), "utf8"));

  it("has a row for each, with all of their cases", () => {
    expect(new Set(suites.map(({ name }) => name)).size).toBe(SUITES);
    expect(suites.reduce((sum, { cases }) => sum + cases, 0)).toBe(336);
  });

  it("names tests that there are, one at least for each", () => {
    expect(suites.filter(({ proofs }) => proofs.length === 0)).toEqual([]);
    expect(suites.flatMap(({ name, proofs }) => absentOf(proofs).map((absent) => `${name}: ${absent}`))).toEqual([]);
  });
});

describe("a row", () => {
  const row = (stands: string, cell: string) => rowsIn(`\n## Conformance\n\n| 1 | 1.1 | It holds. | ${stands} | ${cell} |\n`);
  const titles = (file: string) => (file === "a.test.ts" ? new Set(["it holds"]) : undefined);

  it.each([
    { name: "whose test is there", rows: row("yes", "`a.test.ts`: it holds"), faults: [] },
    { name: "that does half and says which", rows: row("partly", "not on Sundays<br>`a.test.ts`: it holds"), faults: [] },
    { name: "that is not done and says why", rows: row("no", "nobody asks for it"), faults: [] },
    { name: "whose test was renamed", rows: row("yes", "`a.test.ts`: it held"), faults: ["line 1 there is no test a.test.ts: it held"] },
    { name: "whose file is gone", rows: row("yes", "`b.test.ts`: it holds"), faults: ["line 1 there is no test b.test.ts: it holds"] },
    { name: "without a test", rows: row("yes", "believe it"), faults: ["line 1 names no test"] },
    { name: "without a reason", rows: row("no", ""), faults: ["line 1 does not say what is not done, and why"] },
    {
      name: "that half holds without a word",
      rows: row("partly", "`a.test.ts`: it holds"),
      faults: ["line 1 does not say what is not done, and why"],
    },
    {
      name: "that says neither",
      rows: row("maybe", "`a.test.ts`: it holds"),
      faults: ["line 1 says «maybe», which is none of yes, partly and no", "line 1 does not say what is not done, and why"],
    },
  ])("$name is judged", ({ rows, faults }) => {
    expect(rows.flatMap((one) => faultsOf(one, titles))).toEqual(faults);
  });
});

it("finds the names of this file's own tests", () => {
  const titles = titlesOf("conformance.test.ts");

  expect(titles).toContain("has a row for every line of the checklist, in order");
  expect(titles).toContain("whose test was renamed");
  expect(titles).toContain("$name is judged");
  expect(titlesOf("nowhere.test.ts")).toBeUndefined();
});
