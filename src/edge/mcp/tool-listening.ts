/** Who listens to what changes takes part in the session as long, and hears what its own name may hear. */
import type { Change, Changes, Visitor, Visitors } from "./ports.ts";
import type { Listener, PlainListener, Visit } from "./serving.ts";

export async function listen(
  { visit, clientName, after, signal }: Listener,
  visitors: Pick<Visitors, "visit">,
  changes: Changes,
): Promise<AsyncIterable<Change>> {
  const visitor = await visitors.visit(visit.caller, visit.sessionId, clientName);
  const followed = changes.follow(visit.sessionId, await principalOf(visit, visitor), after, signal);
  const held = visitor.hold();
  if (signal.aborted) held[Symbol.dispose]();
  else signal.addEventListener("abort", () => held[Symbol.dispose](), { once: true });
  return followed;
}

export async function watch(
  { visit, clientName, uris, tell }: PlainListener,
  visitors: Pick<Visitors, "visit">,
  changes: Changes,
): Promise<Disposable> {
  const visitor = await visitors.visit(visit.caller, visit.sessionId, clientName);
  const watching = await changes.watch(visit.sessionId, { principal: await principalOf(visit, visitor), uris, tell });
  const held = visitor.hold();
  return {
    [Symbol.dispose]() {
      held[Symbol.dispose]();
      watching[Symbol.dispose]();
    },
  };
}

/** Undefined for anybody, who has no inbox. */
async function principalOf({ caller }: Visit, { context }: Visitor): Promise<string | undefined> {
  return caller.kind === "anybody" ? undefined : context.board.principal();
}
