/** Whose name is taken in a room: names of one family are those that one principal and its sub-agents may have. */
import { isSameFamily } from "../../core/session/read.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { Connection } from "./connection.ts";

/**
 * Names of the newcomer's family that another connection holds, or asked for before it.
 *
 * @param joining - in the order in which they asked
 * @param predecessor - the connection that the newcomer has taken the place of
 */
export function connectedFamily(
  { everyone, joining }: { readonly everyone: ReadonlySet<Connection>; readonly joining: ReadonlySet<Connection> },
  newcomer: Connection,
  principal: PrincipalId,
  predecessor: Connection | undefined,
): string[] {
  const taken: string[] = [];
  for (const connection of [...everyone, ...joining]) {
    if (connection === predecessor) continue;
    // Those that asked after it come behind it, and are told so when their turn comes.
    if (connection === newcomer && joining.has(connection)) break;
    const held = connection === newcomer ? undefined : (connection.bound ?? connection.joining);
    if (held !== undefined && isSameFamily(held.principal, principal)) taken.push(held.principal);
  }
  return taken;
}
