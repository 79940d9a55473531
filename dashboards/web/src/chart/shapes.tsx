// Small drawings in SVG.

// Spark is a small curve without axes: decoration beside a number.
export function Spark({ values, colour }: { values: number[]; colour: string }) {
  if (values.length < 2) return null;
  const max = Math.max(...values, 0);
  const min = Math.min(...values, 0);
  const x = (i: number) => (i / (values.length - 1)) * 100;
  const y = (v: number) => 29 - ((v - min) / (max - min || 1)) * 28;
  const line = values.map((v, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(2)} ${y(v).toFixed(2)}`).join('');
  return (
    <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <path d={`${line}L100 ${y(0).toFixed(2)}L0 ${y(0).toFixed(2)}Z`} fill={colour} opacity="0.14" />
      <path d={line} fill="none" stroke={colour} stroke-width="1.5" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

export interface Slice {
  key: string;
  label: string;
  colour: string;
  value: number;
}

// Donut shows parts of a whole; none may be negative.
export function Donut({ slices, label }: { slices: Slice[]; label: string }) {
  const whole = slices.reduce((sum, s) => sum + s.value, 0);
  if (whole <= 0) return null;
  let angle = 0;
  return (
    <svg class="donut-ring" viewBox="-50 -50 100 100" role="img" aria-label={label}>
      {slices.map((s) => {
        const from = angle;
        angle += s.value / whole;
        return <path key={s.key} d={ring(from, angle)} fill={s.colour}><title>{s.label}</title></path>;
      })}
    </svg>
  );
}

// ring is the outline of a part of the ring; from and to count turns from the top.
export function ring(from: number, to: number): string {
  const end = Math.min(to, from + 0.99999);
  const at = (turn: number, r: number) => `${(Math.sin(turn * 2 * Math.PI) * r).toFixed(3)} ${(-Math.cos(turn * 2 * Math.PI) * r).toFixed(3)}`;
  const large = end - from > 0.5 ? 1 : 0;
  return `M${at(from, 48)}A48 48 0 ${large} 1 ${at(end, 48)}L${at(end, 33)}A33 33 0 ${large} 0 ${at(from, 33)}Z`;
}
