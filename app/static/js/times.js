// The server renders times in UTC; show them in the time zone of the browser.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const UNITS = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", 1],
];

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const dateOnly = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "full" });

function ago(moment, now) {
  const seconds = Math.round((moment - now) / 1000);
  if (Math.abs(seconds) >= WEEK) {
    return dateOnly.format(moment);
  }
  if (Math.abs(seconds) < MINUTE) {
    return relative.format(0, "second");
  }
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return relative.format(Math.trunc(seconds / size), unit);
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) {
      continue;
    }
    const text = "dateOnly" in element.dataset ? dateOnly.format(moment) : ago(moment, now);
    if (element.textContent !== text) {
      element.textContent = text;
    }
    element.title = exact.format(moment);
  }
}

refresh();
setInterval(refresh, MINUTE * 1000);
document.addEventListener("flasky:changed", refresh);
