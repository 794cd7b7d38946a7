/**
 * Whether two patterns have something in common, for patterns that are sequences in which a run stands for any number
 * of elements. Characters of a name (run: `*`) and segments of a path (run: `**`) are both such sequences.
 *
 * The answer is exact and needs no search tree. Two patterns that both have a run meet when what stands before their
 * first runs agrees and what stands behind their last runs agrees: all that lies between fits one behind the other. If
 * only one has a run, taking the leftmost place for each of its pieces is enough, as every element of the other is used
 * at most once. So the cost is linear, or at worst the product of both lengths, whatever the patterns say.
 */

/** Any number of elements, also none. */
export const RUN = Symbol("run");

export interface Sequence<Element> {
  readonly items: readonly (Element | typeof RUN)[];
  /** Place of the first run and of the last one; -1 when there is none. */
  readonly firstRun: number;
  readonly lastRun: number;
}

export function sequence<Element>(items: readonly (Element | typeof RUN)[]): Sequence<Element> {
  return { items, firstRun: items.indexOf(RUN), lastRun: items.lastIndexOf(RUN) };
}

/** Whether two elements have an instance in common. Symmetric; every element has at least one instance. */
export type Agree<Element> = (one: Element, other: Element) => boolean;

/** Whether some run-free sequence is matched by both. Symmetric. */
export function meet<Element>(a: Sequence<Element>, b: Sequence<Element>, agree: Agree<Element>): boolean {
  if (a.firstRun < 0 && b.firstRun < 0) return a.items.length === b.items.length && headsAgree(a, b, a.items.length, agree);
  if (a.firstRun < 0) return fits(b, a, agree);
  if (b.firstRun < 0) return fits(a, b, agree);

  const head = Math.min(a.firstRun, b.firstRun);
  const tail = Math.min(a.items.length - a.lastRun, b.items.length - b.lastRun) - 1;
  return headsAgree(a, b, head, agree) && tailsAgree(a, b, tail, agree);
}

function headsAgree<Element>(a: Sequence<Element>, b: Sequence<Element>, length: number, agree: Agree<Element>): boolean {
  for (let i = 0; i < length; i += 1) {
    if (!agreeAt(a, i, b, i, agree)) return false;
  }
  return true;
}

function tailsAgree<Element>(a: Sequence<Element>, b: Sequence<Element>, length: number, agree: Agree<Element>): boolean {
  for (let i = 1; i <= length; i += 1) {
    if (!agreeAt(a, a.items.length - i, b, b.items.length - i, agree)) return false;
  }
  return true;
}

/**
 * Leftmost fit of `pattern` on a run-free sequence; on a mismatch only the last run grows, by one element. What stands
 * behind the last run has one place only, and is what most often differs (`.ts` in `*.ts`), so it is compared first.
 */
function fits<Element>(pattern: Sequence<Element>, fixed: Sequence<Element>, agree: Agree<Element>): boolean {
  const tail = pattern.items.length - pattern.lastRun - 1;
  if (pattern.firstRun + tail > fixed.items.length || !tailsAgree(pattern, fixed, tail, agree)) return false;
  let at = 0;
  let on = 0;
  let behindRun = -1;
  let resume = 0;
  while (on < fixed.items.length) {
    if (pattern.items[at] === RUN) {
      at += 1;
      behindRun = at;
      resume = on;
    } else if (agreeAt(pattern, at, fixed, on, agree)) {
      at += 1;
      on += 1;
    } else if (behindRun >= 0) {
      at = behindRun;
      resume += 1;
      on = resume;
    } else {
      return false;
    }
  }
  while (pattern.items[at] === RUN) at += 1;
  return at === pattern.items.length;
}

function agreeAt<Element>(a: Sequence<Element>, i: number, b: Sequence<Element>, j: number, agree: Agree<Element>): boolean {
  const one = a.items[i];
  const other = b.items[j];
  return one !== undefined && other !== undefined && one !== RUN && other !== RUN && agree(one, other);
}
