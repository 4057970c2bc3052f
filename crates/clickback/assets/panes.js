// Opens a request beside the list without loading the list again: its place and its stream stay.
// Without this module the links lead to the same pages.

const panes = document.querySelector("[data-panes]");
const detail = document.getElementById("detail");
const wide = matchMedia("(min-width: 1181px)");
let asked = 0;

function select(id) {
  for (const row of panes.querySelectorAll("tr[aria-current]")) row.removeAttribute("aria-current");
  const row = id && document.getElementById(`r-${id}`);
  row?.setAttribute("aria-current", "true");
  return row;
}

const idOf = (address) => new URL(address, location.href).pathname.split("/")[2];

async function open(address, push) {
  const turn = ++asked;
  select(idOf(address));
  let page;
  try {
    const response = await fetch(address);
    if (!response.ok || response.redirected) throw new Error(`${response.status}`);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    location.assign(address);
    return;
  }
  if (turn !== asked) return;
  const fresh = page.getElementById("detail");
  if (!fresh) return location.assign(address);
  detail.replaceChildren(...fresh.childNodes);
  detail.scrollTop = 0;
  panes.classList.add("split");
  if (push) history.pushState({ pane: true }, "", address);
  document.dispatchEvent(new Event("rows"));
}

function close(address, push) {
  asked++;
  panes.classList.remove("split");
  detail.replaceChildren();
  const row = panes.querySelector("tr[aria-current]");
  select(null);
  row?.querySelector("a")?.focus({ preventScroll: true });
  if (push) history.pushState({ pane: true }, "", address);
}

document.addEventListener("click", (event) => {
  if (!wide.matches || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const row = event.target.closest("a.row-link");
  const closer = event.target.closest("[data-close]");
  if (!row && !closer) return;
  event.preventDefault();
  if (row) open(row.href, true);
  else close(closer.href, true);
});

addEventListener("popstate", () => {
  if (location.pathname === "/inbox") close(location.href, false);
  else if (location.pathname.startsWith("/inbox/") && wide.matches) open(location.href, false);
  else location.reload();
});
