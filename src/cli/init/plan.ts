/**
 * Which files of a project change, and into what: worked out from their texts alone, before anything is written.
 *
 * A file that is still as it was written goes back to exactly what it was before. One that somebody has changed since
 * loses our entries and keeps the rest.
 */
import { createHash } from "node:crypto";
import { INIT_RECORD_FORMAT, type InitRecord } from "../../wire/init-record.ts";
import { MCP_FILE, type Server, SETTINGS_FILE, withGuard, withoutGuard, withoutServer, withServer } from "./claude-files.ts";
import { type JsonFile, readJson } from "./json-edit.ts";

/** In the order in which they are shown and written. */
export const PROJECT_FILES = [MCP_FILE, SETTINGS_FILE] as const;
export type ProjectFile = (typeof PROJECT_FILES)[number];

/** Undefined where there is no file. */
export type Texts = Readonly<Record<ProjectFile, string | undefined>>;

export interface Change {
  readonly name: ProjectFile;
  readonly before: string | undefined;
  /** Undefined when the file goes. */
  readonly after: string | undefined;
}

export interface Wanted {
  readonly server: Server;
  /** The hook's command line. */
  readonly guard: string;
}

const STRIP = { [MCP_FILE]: withoutServer, [SETTINGS_FILE]: withoutGuard } as const;

/** @throws CommandFault for a file that cannot be edited */
export function planInstall(texts: Texts, wanted: Wanted): readonly Change[] {
  const add: Readonly<Record<ProjectFile, (file: JsonFile) => JsonFile>> = {
    [MCP_FILE]: (file) => withServer(file, wanted.server),
    [SETTINGS_FILE]: (file) => withGuard(file, wanted.guard),
  };
  return changes(texts, (name, before) => {
    const file = readJson(name, before ?? "");
    const made = add[name](file);
    return made === file ? before : made.text;
  });
}

/** @throws CommandFault for a file that cannot be edited */
export function planRemoval(texts: Texts, record: InitRecord | undefined): readonly Change[] {
  return changes(texts, (name, before) => originalOf(name, before, record));
}

function changes(texts: Texts, becomes: (name: ProjectFile, before: string | undefined) => string | undefined): readonly Change[] {
  return PROJECT_FILES.map((name) => ({ name, before: texts[name], after: becomes(name, texts[name]) })).filter(
    ({ before, after }) => before !== after,
  );
}

/** The file without us. */
function originalOf(name: ProjectFile, text: string | undefined, record: InitRecord | undefined): string | undefined {
  if (text === undefined) return undefined;
  const kept = record?.files[name];
  if (kept?.written_sha256 === digestOf(text)) return kept.before ?? undefined;
  const file = readJson(name, text);
  const bare = STRIP[name](file);
  if (kept?.before === null && Object.keys(bare.value).length === 0) return undefined;
  return bare === file ? text : bare.text;
}

/**
 * What is to be kept of an installation that brings the files from `texts` to what `plan` says.
 *
 * @param folders - those that are made for it
 */
export function recordOf(
  root: string,
  texts: Texts,
  plan: readonly Change[],
  earlier: InitRecord | undefined,
  folders: readonly string[],
): InitRecord {
  const files = PROJECT_FILES.flatMap((name) => {
    const text = texts[name];
    const after = plan.find((change) => change.name === name)?.after ?? text;
    if (after === undefined) return [];
    return [[name, { before: originalOf(name, text, earlier) ?? null, written_sha256: digestOf(after) }] as const];
  });
  return {
    format: INIT_RECORD_FORMAT,
    root,
    files: Object.fromEntries(files),
    folders: [...new Set([...(earlier?.folders ?? []), ...folders])],
  };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
