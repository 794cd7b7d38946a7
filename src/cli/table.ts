/** Columns that line up. Text comes in clean and short; nothing is cut here. */

/**
 * One line a row: cells padded to the widest of their column, two spaces between them, none at the end of a line. Every
 * code point counts as one column wide.
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

const width = (text: string): number => Array.from(text).length;
