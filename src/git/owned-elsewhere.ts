/** A store whose owner this process can neither see nor reach: how that is told, and to whom it is left. */
import type { Owner } from "../wire/owner.ts";

/** The log belongs to a living process of another container, virtual machine or network. It was not touched. */
export class OwnedElsewhere extends Error {
  override readonly name = "OwnedElsewhere";
  readonly code = "store/owned-elsewhere";
  readonly owner: Owner;

  constructor(owner: Owner) {
    super(sentenceFor(owner));
    this.owner = owner;
  }
}

function sentenceFor({ host_name, pid, address }: Owner): string {
  const who = `the sidecar of ${host_name} (process ${pid}, in another container, virtual machine or network)`;
  const where = address === undefined ? "and has not said yet where it answers" : `and is not reachable from here at ${at(address)}`;
  return `${who} owns this store ${where}: run your client there, or share its network (for docker \`--network host\`), or stop it there with \`signalbox stop\``;
}

function at({ host, port }: NonNullable<Owner["address"]>): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
