/**
 * What an intent says that it will have done, in a form that compares with what another says.
 *
 * Clients say it under `scope.extensions`: `intent_semantics` with an action, symbols and postconditions, `affects_symbols`.
 * Those that say nothing often have the name of a function in their objective, and that is looked for too.
 */
import { membersIn } from "../../wire/json.ts";
import type { Scope } from "../../wire/mpac/messages.ts";

/** Names and conditions of one intent that are looked at, and their characters: both sides are told to the sender. */
const MAX_HINTS = 32;
const MAX_HINT_LENGTH = 200;

/** Words before `function` and its like that say which one only to who reads the rest. */
const PLAIN_WORDS = new Set(
  (
    "a an the this that these those its my our your their each every any some one two new old existing another other same " +
    "and or of in on to for with from by as is has not no add fix change update remove delete rename refactor write create " +
    "implement make test extract move replace use call document"
  ).split(" "),
);

export interface Hints {
  readonly action: string | null;
  readonly symbols: readonly string[];
  readonly postconditions: readonly string[];
}

export function hintsOf(objective: string, scope: Scope): Hints {
  const extensions = membersIn(scope["extensions"]);
  const semantics = membersIn(extensions["intent_semantics"]);
  const targets = Array.isArray(semantics["targets"]) ? semantics["targets"].map(membersIn) : [];
  const [action = null] = textsIn(semantics["action"]).map((text) => text.toLowerCase());
  const symbols = [
    ...textsIn(semantics["symbol"]),
    ...textsIn(semantics["symbols"]),
    ...textsIn(extensions["affects_symbols"]),
    ...textsIn(symbolsIn(objective, scope)),
    ...targets.flatMap((target) => [...textsIn(target["symbol"]), ...textsIn(target["symbols"])]),
  ];
  const postconditions = [semantics["postconditions"], semantics["postcondition"]].flatMap(conditionsIn);
  return { action, symbols: firstOf(symbols, (text) => text), postconditions: firstOf(postconditions, asCompared) };
}

/** Conditions are prose, so case and spacing say nothing; symbols are code, and compare as they are. */
export function asCompared(condition: string): string {
  return condition.trim().toLowerCase().replace(/\s+/g, " ");
}

function conditionsIn(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((item: unknown) => {
    const { text, behavior, expected, description } = membersIn(item);
    return [item, text, behavior, expected, description].flatMap((said) => (typeof said === "string" ? textsIn(said) : []));
  });
}

const NAME = String.raw`[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?`;
const CALLED = new RegExp(String.raw`\b(${NAME})\s{0,8}\(`, "g");
const NAMED = new RegExp(String.raw`\b(${NAME})(?:\s{1,8}(?:function|func|method|handler|endpoint|symbol)s?\b|\s{0,8}函数)`, "g");

/** Names in a sentence that look like code; a bare one is of the modules that the scope's Python files are. */
function symbolsIn(objective: string, scope: Scope): string[] {
  const called = [...objective.matchAll(CALLED)].map(([, name = ""]) => name);
  const named = [...objective.matchAll(NAMED)].map(([, name = ""]) => name).filter((name) => !PLAIN_WORDS.has(name.toLowerCase()));
  const modules = modulesIn(scope);
  return [...called, ...named].flatMap((name) =>
    name.includes(".") || modules.length === 0 ? [name] : modules.map((module) => `${module}.${name}`),
  );
}

function modulesIn(scope: Scope): string[] {
  return (scope.resources ?? [])
    .slice(0, MAX_HINTS)
    .filter((path) => path.endsWith(".py"))
    .map((path) => path.slice(0, -".py".length).split("/"))
    .map((parts) => (parts.at(-1) === "__init__" ? parts.slice(0, -1) : parts).join("."))
    .filter((module) => module !== "");
}

function textsIn(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value])
    .filter((text): text is string => typeof text === "string")
    .map((text) => text.trim())
    .filter((text) => text !== "" && text.length <= MAX_HINT_LENGTH);
}

/** The first of them that are different. */
function firstOf(texts: readonly string[], compared: (text: string) => string): string[] {
  const byForm = new Map<string, string>();
  for (const text of texts) {
    if (byForm.size >= MAX_HINTS) break;
    const form = compared(text);
    if (!byForm.has(form)) byForm.set(form, text);
  }
  return [...byForm.values()];
}
