// Exact arithmetic over decimal strings as the API gives them. Money shown to people never passes through a float.

const scale = 18;
const unit = 10n ** BigInt(scale);

// parse reads a decimal string into units of 10^-18. Digits beyond the scale are cut off. Null when it is no number.
export function parse(text: string | null | undefined): bigint | null {
  if (text == null) return null;
  const m = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!m) return null;
  const frac = (m[3] ?? '').slice(0, scale).padEnd(scale, '0');
  const v = BigInt(m[2]!) * unit + BigInt(frac);
  return m[1] === '-' ? -v : v;
}

// write is the inverse of parse, without trailing zeros.
export function write(v: bigint): string {
  const neg = v < 0n;
  const a = neg ? -v : v;
  const frac = (a % unit).toString().padStart(scale, '0').replace(/0+$/, '');
  return (neg ? '-' : '') + (a / unit).toString() + (frac ? '.' + frac : '');
}

export function add(a: string, b: string): string {
  return write((parse(a) ?? 0n) + (parse(b) ?? 0n));
}

export function subtract(a: string, b: string): string {
  return write((parse(a) ?? 0n) - (parse(b) ?? 0n));
}

export function sum(values: readonly string[]): string {
  return write(values.reduce((total, v) => total + (parse(v) ?? 0n), 0n));
}

export function compare(a: string, b: string): number {
  const d = (parse(a) ?? 0n) - (parse(b) ?? 0n);
  return d < 0n ? -1 : d > 0n ? 1 : 0;
}

export function isZero(a: string | null | undefined): boolean {
  return (parse(a) ?? 0n) === 0n;
}

export function isNegative(a: string): boolean {
  return (parse(a) ?? 0n) < 0n;
}

// round rounds half away from zero to digits after the point.
export function round(text: string, digits: number): string {
  const v = parse(text) ?? 0n;
  const step = 10n ** BigInt(scale - digits);
  const half = step / 2n;
  const a = v < 0n ? -v : v;
  const r = ((a + half) / step) * step;
  return fixed(v < 0n ? -r : r, digits);
}

// fixed writes exactly digits digits after the point; v must be rounded already.
function fixed(v: bigint, digits: number): string {
  const neg = v < 0n;
  const a = neg ? -v : v;
  const frac = (a % unit).toString().padStart(scale, '0').slice(0, digits);
  return (neg ? '-' : '') + (a / unit).toString() + (digits > 0 ? '.' + frac : '');
}

// tenthsOfPercent is 1000*(part/whole) rounded half away from zero, a whole number; null when whole is zero.
export function tenthsOfPercent(part: string, whole: string): number | null {
  const p = parse(part) ?? 0n;
  const w = parse(whole) ?? 0n;
  if (w === 0n) return null;
  const neg = p < 0n !== w < 0n;
  const a = (p < 0n ? -p : p) * 1000n;
  const b = w < 0n ? -w : w;
  const q = Number((a * 2n + b) / (b * 2n));
  return neg ? -q : q;
}

// divideDown is the whole part of a/b; null when b is zero.
export function divideDown(a: string, b: string): number | null {
  const d = parse(b) ?? 0n;
  if (d === 0n) return null;
  return Number((parse(a) ?? 0n) / d);
}

// forChart turns decimals into numbers for drawing, never for showing.
export function forChart(text: string): number {
  return Number(text);
}
