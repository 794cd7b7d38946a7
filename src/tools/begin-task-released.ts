/** What a task lets go of when it replaces earlier ones of its owner: the files that it does not name itself. */
import type { Coordination } from "./ports/session.ts";
import { listed } from "./quote.ts";

/** Earlier tasks whose files are looked at. */
const ASKED_TASKS = 20;

/** Files of theirs about which the session is asked whether the new task covers them. */
const ASKED_FILES = 20;

export interface Released {
  /** As the session names them. A folder or pattern among them may hold files that the new task names. */
  readonly files: readonly string[];
  /** The earlier tasks had more than was looked at. */
  readonly isCut: boolean;
}

const isGlob = (path: string): boolean => /[*?]/.test(path);

/** A name with an extension is taken for a file, as where scopes are compared (docs/decisions/0004). */
const isFile = (path: string): boolean => !isGlob(path) && /[^/]\.[a-z0-9_]{1,10}$/i.test(path);

/** @param named - the new task's files */
export async function releasedBy(
  coordination: Coordination,
  intentId: string,
  named: readonly string[],
  superseded: readonly string[],
): Promise<Released> {
  const earlier = await Promise.all(superseded.slice(0, ASKED_TASKS).map((id) => coordination.intent(id)));
  const held = new Set(earlier.flatMap((intent) => intent?.scope.resources ?? []));
  const unnamed = [...held].filter((path) => !named.some((one) => holds(one, path)));
  const asked = unnamed.filter(isFile).slice(0, ASKED_FILES);
  const answers = await Promise.all(asked.map((path) => coordination.intent(intentId, path)));
  const kept = new Set(asked.filter((_path, index) => answers[index]?.covers_target === true));
  return {
    files: unnamed.filter((path) => !kept.has(path)).toSorted(),
    isCut: superseded.length > ASKED_TASKS || earlier.some((intent) => intent?.scope.resource_count !== undefined),
  };
}

/** Whether one path holds the other by its text alone. */
function holds(one: string, path: string): boolean {
  return one === path || one === "" || one === "." || (!isGlob(one) && path.startsWith(`${one}/`));
}

/** The sentence about it; none where all is held as before. */
export function releasedLine({ files, isCut }: Released): string[] {
  if (files.length === 0) return isCut ? ["It may hold less than they did."] : [];
  const but = files.every(isFile) ? "" : ", but for what this task names";
  return [`No longer held${but}: ${isCut ? `among others ${listed(files.slice(0, 10), 10)}` : listed(files, 10)}.`];
}
