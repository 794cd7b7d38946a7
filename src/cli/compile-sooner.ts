/**
 * After how many calls V8 compiles a function well. It waits for thousands, because most programs are over by then or loop for hours; a
 * bridge answers some hundred calls in its life, a sidecar some thousand, and somebody waits for each (docs/decisions/0026).
 */
import { setFlagsFromString } from "node:v8";

/** By the major version of V8: a flag is named only where it is known, for V8 complains of others on stderr. */
const FLAGS: Readonly<Record<string, string>> = {
  11: "--interrupt-budget=4000", // Node 20, whose own is 67584
  12: "--invocation-count-for-turbofan=300", // Node 22, whose own is 3000
  13: "--invocation-count-for-turbofan=300", // Node 24
};

/** Milliseconds after the start: what runs once, at the start, is not worth a compiler's time. */
const SETTLED_MS = 3_000;

export function compileSooner(): void {
  const flag = flagFor(process.versions.v8);
  if (flag !== undefined) setTimeout(() => setFlagsFromString(flag), SETTLED_MS).unref();
}

/** @param v8 - a version, such as 11.3.244.8-node.33 */
export function flagFor(v8: string): string | undefined {
  const [major = ""] = v8.split(".");
  return FLAGS[major];
}
