/** The official conformance suite, which wants a newer Node than the program does: that one is npx's to bring where this is older. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findGuest } from "./guest-programs.ts";

const run = promisify(execFile);

/** The first Node that the suite runs on, and the one that is fetched. */
const LEAST_NODE = 22;
const FETCHED_NODE = "node@24";

/** Milliseconds that a run of it, or the way of a Node over the network, may take. */
const RUN_MS = 120_000;

export interface SuiteRun {
  /** 0: all that counts is passed, or fails as it was said to. */
  readonly code: number;
  readonly said: string;
}

export interface Suite {
  run(...args: readonly string[]): Promise<SuiteRun>;
}

/**
 * The suite, or why it cannot be run here.
 *
 * @throws Error on a build machine: there a test that is skipped is no test
 */
export async function findSuite(): Promise<Suite | string> {
  const suite = findGuest("conformance");
  if ("why" in suite) return skipped(suite.why);
  const node = await newerNode();
  if ("path" in node) return suiteOn(node.path, suite.path);
  const why = `the conformance suite needs Node ${LEAST_NODE} or newer, and npx could not bring ${FETCHED_NODE} (is there a network?): ${node.why}`;
  if (process.env["CI"] === "true") throw new Error(why);
  return skipped(why);
}

function skipped(why: string): string {
  process.stderr.write(`skipped: ${why}\n`);
  return why;
}

async function newerNode(): Promise<{ readonly path: string } | { readonly why: string }> {
  if (Number.parseInt(process.versions.node, 10) >= LEAST_NODE) return { path: process.execPath };
  try {
    const { stdout } = await run("npx", ["--yes", "--prefer-offline", FETCHED_NODE, "-p", "process.execPath"], { timeout: RUN_MS });
    return { path: stdout.trim() };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function suiteOn(node: string, suite: string): Suite {
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        execFile(node, [suite, ...args], { timeout: RUN_MS, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          if (typeof code !== "number") return reject(new Error("the suite did not end by itself", { cause: error }));
          resolve({ code, said: `${stdout}${stderr}` });
        });
      }),
  };
}
