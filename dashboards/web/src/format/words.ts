import type { Lang } from '../text/index.ts';
import { day } from './time.ts';

const weekdays: Record<Lang, readonly string[]> = {
  ru: ['в\u00a0воскресенье', 'в\u00a0понедельник', 'во\u00a0вторник', 'в\u00a0среду', 'в\u00a0четверг', 'в\u00a0пятницу', 'в\u00a0субботу'],
  en: ['on Sunday', 'on Monday', 'on Tuesday', 'on Wednesday', 'on Thursday', 'on Friday', 'on Saturday'],
};

const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

// dayInWords is "во вторник, 1 декабря": the day on which something happens, in the zone.
export function dayInWords(at: number, lang: Lang, zone: string, now = Date.now()): string {
  const weekday = names.indexOf(new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short' }).format(at));
  return `${weekdays[lang][weekday]}, ${day(at, lang, zone, now)}`;
}

// hourInWords is "во вторник, 1 декабря, около 14:00": to the nearest full hour, for what is known no better.
export function hourInWords(at: number, lang: Lang, zone: string, now = Date.now()): string {
  const near = Math.round(at / 3_600_000) * 3_600_000;
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(near);
  return `${dayInWords(near, lang, zone, now)}, ${lang === 'ru' ? 'около' : 'about'}\u00a0${clock}`;
}
