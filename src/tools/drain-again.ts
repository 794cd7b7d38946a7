/**
 * How mail that its caller may ask for again is taken: what the last drain under an id of the caller's own gave, its repeat gives
 * once more, until mail is taken under another id or none. A drain that nobody heard of took nothing, and its repeat takes anew.
 */
import { hearerOf } from "./hearers.ts";
import { idFor, type Request } from "./once.ts";
import type { ToolContext } from "./ports.ts";
import type { Drained, Peers } from "./ports/mail.ts";

interface Taken {
  readonly key: string;
  /** Its own: under the same key other mail may be taken later. */
  readonly id: string;
  readonly drained: Promise<Drained>;
  /** Once somebody was told: what is to be done where nobody has read it. */
  given?: { readonly takeBack: ReturnType<Drained["settle"]> };
}

/** What was taken last, of each who takes mail. */
const last = new WeakMap<Peers, Taken>();

/** @param most - as of `Peers.drain` */
export async function drainAgain(ctx: ToolContext, request: Request | undefined, most: number): Promise<Drained> {
  const { peers } = ctx;
  if (request === undefined) {
    last.delete(peers);
    return peers.drain(most);
  }
  const key = idFor(ctx, request, "mail");
  const standing = last.get(peers);
  const taken: Taken = standing?.key === key ? standing : { key, id: ctx.newId(), drained: peers.drain(most) };
  last.set(peers, taken);
  const hearer = await hearerOf(ctx, taken.id);
  const forget = (): void => {
    if (last.get(peers) === taken) last.delete(peers);
  };
  try {
    const drained = await taken.drained;
    const giveBack = async (isSure: boolean): Promise<void> => {
      forget();
      if (taken.given === undefined) drained.settle(false);
      else taken.given.takeBack?.(isSure);
    };
    return {
      messages: drained.messages,
      remaining: taken === standing ? peers.unread() : drained.remaining,
      settle(given) {
        if (!given) return void hearer.leave(() => giveBack(true));
        hearer.told();
        taken.given ??= { takeBack: drained.settle(true) };
        return (isSure) => void hearer.leave(() => giveBack(isSure));
      },
    };
  } catch (cause) {
    forget();
    await hearer.leave();
    throw cause;
  }
}
