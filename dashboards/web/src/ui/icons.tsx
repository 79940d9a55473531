// Icons of 20 by 20, drawn with the text's colour. They are decoration: the name stands beside or on the button.
const paths = {
  overview: 'M3 3h6v6H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 11h6v6H3z',
  connections: 'M8 12l4-4M6.5 9.5L4.6 11.4a3 3 0 0 0 4.2 4.2l1.9-1.9M13.5 10.5l1.9-1.9a3 3 0 0 0-4.2-4.2L9.3 6.3',
  resources: 'M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.01M6 13.5h.01M10 6.5h4M10 13.5h4',
  budgets: 'M3 6h12a2 2 0 0 1 2 2v7a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM3 6l9-3v3M13 11.5h1.5',
  money: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM8.5 14V6h2.2a2.2 2.2 0 0 1 0 4.4H7M7 12.2h3.6',
  settings: 'M4 6h7M15 6h1M4 14h1M9 14h7M11 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0M5 14a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  dashboard: 'M3 16V9M8 16V4M13 16v-5M17 16H2',
  more: 'M10 5h.01M10 10h.01M10 15h.01',
  close: 'M5 5l10 10M15 5L5 15',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.3M16 3v3.5h-3.5',
  down: 'M5 8l5 5 5-5',
  right: 'M8 5l5 5-5 5',
  left: 'M12 5l-5 5 5 5',
  calendar: 'M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3',
  plus: 'M10 4v12M4 10h12',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM12.8 12.8L16.5 16.5',
  check: 'M4 10.5l4 4 8-9',
  warn: 'M10 3.5l7.5 13h-15zM10 8.5v4M10 14.6h.01',
  info: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 9.2v4.3M10 6.6h.01',
  sun: 'M10 6.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  user: 'M10 3.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5',
  expand: 'M12 3.5h4.5V8M8 16.5H3.5V12M16.5 3.5L11 9M3.5 16.5L9 11',
  table: 'M3.5 4.5h13v11h-13zM3.5 8.5h13M8.5 8.5v7',
  download: 'M10 3.5v9M6.5 9l3.5 3.5L13.5 9M4 16.5h12',
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6 4l10 6-10 6z',
  edit: 'M4 16l.8-3.4L13.4 4l2.6 2.6-8.6 8.6z',
  trash: 'M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11',
  zoomOut: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM12.8 12.8L16.5 16.5M6.8 9h4.4',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
