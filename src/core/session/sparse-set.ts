/**
 * Sets that most things have nothing in: those share one, and a set is made with its first member.
 *
 * The result is what the owner holds from then on; a set that has members is changed in place.
 */
export const NO_MEMBERS: ReadonlySet<never> = new Set();

export function withMember<Member>(members: ReadonlySet<Member>, member: Member): ReadonlySet<Member> {
  return members.size === 0 ? new Set([member]) : (members as Set<Member>).add(member);
}

export function withoutMember<Member>(members: ReadonlySet<Member>, member: Member): ReadonlySet<Member> {
  if (members.size === 0 || (members.size === 1 && members.has(member))) return NO_MEMBERS;
  (members as Set<Member>).delete(member);
  return members;
}
