import type { Lang } from '../text/index.ts';
import { form } from './plural.ts';

function formatter(lang: Lang, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(lang === 'ru' ? 'ru-RU' : 'en-GB', { timeZone: zone, hourCycle: 'h23', ...options });
}

// known tells whether the API gave a time: it gives null or the year 1 for none.
export function known(at: string | null | undefined): at is string {
  return !!at && !at.startsWith('0001-');
}

export function clock(at: number, lang: Lang, zone: string): string {
  return formatter(lang, zone, { hour: '2-digit', minute: '2-digit' }).format(at);
}

// day is "23 ноября", with the year when it is not this one.
export function day(at: number, lang: Lang, zone: string, now = Date.now()): string {
  const year = formatter('en', zone, { year: 'numeric' });
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long' };
  if (year.format(at) !== year.format(now)) options.year = 'numeric';
  return tidy(formatter(lang, zone, options).format(at));
}

export function shortDay(at: number, lang: Lang, zone: string): string {
  return tidy(formatter(lang, zone, { day: 'numeric', month: 'short' }).format(at));
}

export function month(at: number, lang: Lang, zone: string): string {
  return tidy(formatter(lang, zone, { month: 'long', year: 'numeric' }).format(at));
}

// moment is "12:05" today and "22 ноября, 12:05" on other days.
export function moment(at: number, lang: Lang, zone: string, now = Date.now()): string {
  if (day(at, 'en', zone, now) === day(now, 'en', zone, now)) return clock(at, lang, zone);
  return `${day(at, lang, zone, now)}, ${clock(at, lang, zone)}`;
}

// full is a date with weekday and time, for tooltips.
export function full(at: number, lang: Lang, zone: string, withTime: boolean): string {
  const options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' };
  if (withTime) Object.assign(options, { hour: '2-digit', minute: '2-digit', year: undefined });
  return tidy(formatter(lang, zone, options).format(at));
}

function tidy(text: string): string {
  return text.replace(/\s?г\.$/, '').replace(/\s/g, '\u00a0').replace(/,\u00a0/g, ', ').replace(/\u00a0в\u00a0/g, ', ');
}

// ago is "5 минут назад", for ages of data.
export function ago(at: number, lang: Lang, now = Date.now()): string {
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  if (minutes < 1) return lang === 'ru' ? 'только что' : 'just now';
  if (minutes < 60) return since(minutes, lang, { one: 'минуту', few: 'минуты', many: 'минут' }, { one: 'minute', many: 'minutes' });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return since(hours, lang, { one: 'час', few: 'часа', many: 'часов' }, { one: 'hour', many: 'hours' });
  return since(Math.floor(hours / 24), lang, { one: 'день', few: 'дня', many: 'дней' }, { one: 'day', many: 'days' });
}

function since(n: number, lang: Lang, ru: { one: string; few: string; many: string }, en: { one: string; many: string }): string {
  const noun = form(n, lang === 'ru' ? ru : en, lang);
  return lang === 'ru' ? `${n}\u00a0${noun} назад` : `${n}\u00a0${noun} ago`;
}
