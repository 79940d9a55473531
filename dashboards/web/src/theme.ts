// Runs before the page is drawn, so that a chosen theme does not flash in late.
const chosen = localStorage.getItem('infrazen.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
