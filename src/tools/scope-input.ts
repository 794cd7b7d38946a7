/** The files that a call names: how many, how long, and what each means in the worktree. */
import * as z from "zod";
import { failed } from "./failure.ts";
import type { Files } from "./ports/files.ts";
import type { Answer } from "./tool.ts";

/** Most paths in one call. */
export const MAX_FILES = 500;

/** Longest path, in UTF-16 units. */
const MAX_PATH = 4096;

/** Characters of all paths together, so that an announcement fits into one frame of 1 MiB. */
const MAX_CHARACTERS = 200_000;

export const onePath = () => z.string().min(1).max(MAX_PATH);

export const manyPaths = () =>
  z
    .array(onePath())
    .min(1)
    .max(MAX_FILES)
    .refine((paths) => paths.reduce((sum, path) => sum + path.length, 0) <= MAX_CHARACTERS, {
      error: `more than ${MAX_CHARACTERS} characters of paths: name folders or globs instead`,
    });

/** Names of functions, classes or keys, by file. */
export const symbols = () =>
  z
    .record(onePath(), z.array(z.string().min(1).max(256)).max(64))
    .optional()
    .describe("By file, the names you change there, if not all of it.");

export interface ReadScope {
  readonly paths: string[];
  /** The names that each symbolic link among the paths stands for: its file and itself. */
  readonly links: readonly (readonly string[])[];
}

/** The paths as the session compares them, each once, or the error result for the first that is none. */
export async function readScope(
  files: Files,
  written: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<ReadScope | { answer: Answer }> {
  const paths = new Set<string>();
  const links: (readonly string[])[] = [];
  for (const read of await Promise.all(written.map((text) => files.scopePaths(text)))) {
    if (!read.ok) {
      return { answer: scopeRefused(read.why, more) };
    }
    for (const path of read.paths) paths.add(path);
    if (read.paths.length > 1) links.push(read.paths);
  }
  return { paths: [...paths], links };
}

/** Those of `free` that are of use: a symbolic link and its file are announced together, so neither is free without the other. */
export function freeTogether(free: readonly string[], links: ReadScope["links"]): readonly string[] {
  const broken = new Set(links.filter((names) => !names.every((name) => free.includes(name))).flat());
  return free.filter((path) => !broken.has(path));
}

/** The error result for a path that no scope may name. */
export function scopeRefused(why: string, more: Readonly<Record<string, unknown>> = {}): Answer {
  const next = [{ why: "the same call with that path corrected" }];
  return failed({ code: "SCOPE_REFUSED", message: why, recoverable: true, next }, { ...more, errors: [why] });
}

/** The paths as arguments of a next call, when they are few enough to be repeated in a sentence. */
export function asArguments(paths: readonly string[]): { readonly files?: readonly string[] } {
  return paths.length <= 5 && paths.join().length <= 300 ? { files: paths } : {};
}
