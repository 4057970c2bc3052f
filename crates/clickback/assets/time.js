// Relative times grow older while a page is open; their titles say the visitor's own time.

const words = document.body.dataset;
const local = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
// The server's clock may differ from this one: ages are counted by the server's.
const difference = Date.parse(words.now) - Date.now();
const skew = Math.abs(difference) > 5000 ? difference : 0;

function phrase(age) {
  if (age < 5) return words.timeNow;
  if (age < 60) return words.timeSeconds.replace("%n", age);
  if (age < 3600) return words.timeMinutes.replace("%n", Math.floor(age / 60));
  if (age < 86400) return words.timeHours.replace("%n", Math.floor(age / 3600));
  if (age < 604800) return words.timeDays.replace("%n", Math.floor(age / 86400));
  return null;
}

function refresh() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (!time.dataset.exact) {
      time.dataset.exact = time.title;
      time.title = `${local.format(at)}\n${time.dataset.exact}`;
    }
    if (!time.hasAttribute("data-ago")) continue;
    const text = phrase(Math.max(0, Math.floor((now - at) / 1000)));
    if (text && time.textContent !== text) time.textContent = text;
  }
}

refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
document.addEventListener("rows", refresh);
