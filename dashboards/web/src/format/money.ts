import * as decimal from './decimal.ts';
import type { Lang } from '../text/index.ts';

const nbsp = '\u00a0';
const minus = '\u2212';

const signs: Record<string, string> = { RUB: '₽', USD: '$', EUR: '€', GBP: '£', KZT: '₸', CNY: '¥', TRY: '₺', INR: '₹' };

// digits groups a plain decimal string for people: 117150.5 is 117 150,5 in Russian and 117,150.5 in English.
export function digits(plain: string, lang: Lang): string {
  const neg = plain.startsWith('-');
  const [int = '0', frac] = plain.replace(/^[+-]/, '').split('.');
  const grouped = int.replace(/\B(?=(\d{3})+(?!\d))/g, lang === 'ru' ? nbsp : ',');
  return (neg ? minus : '') + grouped + (frac ? (lang === 'ru' ? ',' : '.') + frac : '');
}

// Detail is how precisely money is written: whole drops the kopecks of amounts from 1000 on.
export type Detail = 'whole' | 'kopecks';

// money writes an amount with its currency. Amounts under a kopeck keep two significant digits, so that no cost reads as nothing.
export function money(amount: string, currency: string, lang: Lang, detail: Detail = 'kopecks'): string {
  return withSign(digits(shorten(amount, detail), lang), currency, lang);
}

function shorten(amount: string, detail: Detail): string {
  const size = amount.replace(/^[+-]/, '');
  if (detail === 'whole' && decimal.compare(size, '1000') >= 0) return decimal.round(amount, 0);
  if (decimal.isZero(amount)) return '0';
  if (decimal.compare(size, '0.01') >= 0) return decimal.round(amount, 2);
  const zeros = /^0*\.(0*)/.exec(decimal.write(decimal.parse(size)!).replace(/^0/, ''))?.[1]?.length ?? 0;
  return trimZeros(decimal.round(amount, Math.min(zeros + 2, 12)));
}

function trimZeros(plain: string): string {
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}

function withSign(number: string, currency: string, lang: Lang): string {
  const sign = signs[currency] ?? currency;
  if (lang === 'ru') return number + nbsp + sign;
  const bare = number.replace(minus, '');
  const prefix = signs[currency] ? sign + bare : sign + nbsp + bare;
  return number.startsWith(minus) ? minus + prefix : prefix;
}

// shortMoney is for axes only, where a drawn number stands for many: 1,2 млн ₽.
export function shortMoney(value: number, currency: string, lang: Lang): string {
  const text = new Intl.NumberFormat(lang === 'ru' ? 'ru-RU' : 'en-GB', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
  return withSign(text.replace(/[ ]/g, nbsp).replace('-', minus), currency, lang);
}

// change writes how much greater now is than before: "+12,5 %". Null when there was nothing before.
export function change(now: string, before: string, lang: Lang): { text: string; direction: -1 | 0 | 1 } | null {
  const t = decimal.tenthsOfPercent(decimal.subtract(now, before), before.replace(/^-/, ''));
  if (t === null) return null;
  const direction = t > 0 ? 1 : t < 0 ? -1 : 0;
  return { text: percentOfTenths(t, lang, true), direction };
}

// share writes a part of a whole as a percentage.
export function share(part: string, whole: string, lang: Lang): string {
  const t = decimal.tenthsOfPercent(part, whole);
  return t === null ? '–' : percentOfTenths(t, lang, false);
}

function percentOfTenths(t: number, lang: Lang, signed: boolean): string {
  const a = Math.abs(t);
  const text = a >= 1000 || a % 10 === 0 ? digits(String(Math.round(a / 10)), lang) : digits(Math.floor(a / 10) + '.' + (a % 10), lang);
  const sign = t < 0 ? minus : signed && t > 0 ? '+' : '';
  return sign + text + (lang === 'ru' ? nbsp : '') + '%';
}
