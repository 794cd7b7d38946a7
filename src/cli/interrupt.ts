/** Ctrl-C, heard by a command that has something to put away first. */
import { setMaxListeners } from "node:events";
import { EXIT } from "./exit-codes.ts";
import { CommandFault } from "./fault.ts";

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/** The signal fires at the first one, with a fault that says `sentence`; a second one ends the process at once. */
export function listenForInterrupt(sentence: string): Interrupt {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // each call of the SDK leaves one
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort(new CommandFault("command/interrupted", sentence));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
