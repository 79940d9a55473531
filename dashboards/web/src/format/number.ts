import type { Lang } from '../text/index.ts';

const nbsp = '\u00a0';

function locale(lang: Lang): string {
  return lang === 'ru' ? 'ru-RU' : 'en-GB';
}

// count writes a whole number.
export function count(n: number, lang: Lang): string {
  return new Intl.NumberFormat(locale(lang)).format(n).replace(/\s/g, nbsp);
}

// percent writes a measured percentage: 67,3 %.
export function percent(n: number, lang: Lang): string {
  const text = new Intl.NumberFormat(locale(lang), { maximumFractionDigits: n !== 0 && Math.abs(n) < 10 ? 1 : 0 }).format(n);
  return text.replace(/\s/g, nbsp) + (lang === 'ru' ? nbsp : '') + '%';
}

const byteUnits: Record<Lang, string[]> = {
  ru: ['Б', 'КБ', 'МБ', 'ГБ', 'ТБ', 'ПБ'],
  en: ['B', 'KB', 'MB', 'GB', 'TB', 'PB'],
};

// bytes writes a size in units of 1024.
export function bytes(n: number, lang: Lang): string {
  let i = 0;
  let v = Math.abs(n);
  while (v >= 1024 && i < 5) {
    v /= 1024;
    i++;
  }
  const digits = v !== 0 && v < 10 && i > 0 ? 1 : 0;
  const text = new Intl.NumberFormat(locale(lang), { maximumFractionDigits: digits }).format(v);
  return (n < 0 ? '\u2212' : '') + text.replace(/\s/g, nbsp) + nbsp + byteUnits[lang][i];
}

// metric writes a sample of the named measurement with its unit.
export function metric(name: string, value: number, lang: Lang): string {
  if (name === 'cpu_percent') return percent(value, lang);
  if (name.endsWith('_bytes_per_second')) return bytes(value, lang) + (lang === 'ru' ? '/с' : '/s');
  if (name.endsWith('_bytes')) return bytes(value, lang);
  return new Intl.NumberFormat(locale(lang), { maximumFractionDigits: 2 }).format(value).replace(/\s/g, nbsp);
}
