// Puts new requests on top of the list as they come. Paused, it counts them; the list keeps 200 rows.

const bar = document.querySelector("[data-live]");
const body = document.querySelector("[data-rows]");
const MAX_ROWS = Number(bar?.dataset.most ?? 200);

if (bar && body && "EventSource" in window) {
  const state = bar.querySelector("[data-live-state]");
  const toggle = bar.querySelector("[data-live-toggle]");
  const word = bar.querySelector("[data-live-word]");
  const words = bar.dataset;
  let paused = false;
  let connected = false;
  let waiting = [];

  const show = () => {
    bar.hidden = false;
    bar.classList.toggle("on", connected && !paused);
    bar.classList.toggle("paused", paused);
    toggle.setAttribute("aria-pressed", String(paused));
    word.textContent = paused ? words.resume : words.pause;
    if (!paused) state.textContent = connected ? words.on : words.off;
    else state.textContent = waiting.length ? words.new.replace("%n", waiting.length) : words.paused;
  };

  const put = (rows) => {
    document.querySelector("[data-empty]")?.remove();
    document.querySelector(".inbox-rows thead")?.classList.remove("unseen");
    const scroller = body.closest(".list-pane");
    const above = scroller.scrollTop > 0 ? scroller.scrollHeight : 0;
    for (const row of rows) {
      if (document.getElementById(row.id)) continue;
      row.classList.add("fresh");
      body.prepend(row);
    }
    // Who has scrolled down stays where he reads.
    if (above) scroller.scrollTop += scroller.scrollHeight - above;
    while (body.rows.length > MAX_ROWS) body.rows[body.rows.length - 1].remove();
    document.dispatchEvent(new Event("rows"));
  };

  // A hidden page gives its connection back: browsers allow only six to one host over HTTP/1.
  let source = null;
  let last = null;
  const close = () => { source?.close(); source = null; connected = false; };
  const open = () => {
    if (source) return;
    const address = new URL(words.live, location.href);
    if (last) address.searchParams.set("after", last);
    source = new EventSource(address);
    source.addEventListener("open", () => { connected = true; show(); });
    source.addEventListener("error", () => { connected = false; show(); });
    source.addEventListener("rows", (event) => {
      last = event.lastEventId;
      const holder = document.createElement("template");
      holder.innerHTML = event.data;
      const rows = [...holder.content.querySelectorAll("tr")].reverse();
      if (paused) waiting = waiting.concat(rows).slice(-MAX_ROWS * 5);
      else put(rows);
      show();
    });
  };

  toggle.addEventListener("click", () => {
    paused = !paused;
    if (!paused) {
      put(waiting.slice(-MAX_ROWS));
      waiting = [];
    }
    show();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else open();
    show();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", () => { if (!document.hidden) open(); });
  if (!document.hidden) open();
  show();
}
