// stack adds series up from the first to the last: row i of the result is the sum of rows 0 to i.
// A gap (null) counts as nothing, but a point where every row has a gap stays one.
export function stack(rows: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const out: (number | null)[][] = [];
  let below: number[] = [];
  for (const row of rows) {
    const sums = row.map((v, i) => (below[i] ?? 0) + (v ?? 0));
    out.push(sums);
    below = sums;
  }
  const length = rows[0]?.length ?? 0;
  for (let i = 0; i < length; i++) {
    if (rows.every((row) => row[i] == null)) for (const sums of out) sums[i] = null;
  }
  return out;
}
