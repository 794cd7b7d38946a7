/**
 * Which of many deadlines comes first, at a cost that does not grow with those that do not matter.
 *
 * A binary heap ordered by time, ties by id. Moving or clearing a deadline leaves its old entry in place, and an entry
 * that no longer holds is dropped when it reaches the top; when more than half are stale the heap is built anew.
 */
interface Entry {
  readonly dueAtMs: number;
  readonly id: string;
}

export interface Deadlines {
  /** Sets or moves the deadline of `id`; undefined clears it. */
  set(id: string, dueAtMs: number | undefined): void;
  /** The earliest, ties by id. */
  first(): Entry | undefined;
  readonly size: number;
}

const before = (a: Entry, b: Entry): boolean => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.id < b.id);

export function createDeadlines(): Deadlines {
  const due = new Map<string, number>();
  let heap: Entry[] = [];

  const at = (index: number): Entry => heap[index] as Entry;

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [at(b), at(a)];
  }

  function push(entry: Entry): void {
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(at(index), at(parent))) return;
      swap(index, parent);
      index = parent;
    }
  }

  function pop(): void {
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < heap.length && before(at(left), at(least))) least = left;
      if (right < heap.length && before(at(right), at(least))) least = right;
      if (least === index) return;
      swap(index, least);
      index = least;
    }
  }

  const holds = (entry: Entry): boolean => due.get(entry.id) === entry.dueAtMs;

  function rebuild(): void {
    heap = [];
    for (const [id, dueAtMs] of due) push({ id, dueAtMs });
  }

  return {
    set(id, dueAtMs) {
      if (due.get(id) === dueAtMs) return;
      if (dueAtMs === undefined) due.delete(id);
      else {
        due.set(id, dueAtMs);
        push({ id, dueAtMs });
      }
      if (heap.length > 64 && heap.length > 2 * due.size) rebuild();
    },
    first() {
      for (let top = heap[0]; top !== undefined; top = heap[0]) {
        if (holds(top)) return top;
        pop();
      }
      return undefined;
    },
    get size() {
      return due.size;
    },
  };
}
