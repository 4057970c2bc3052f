// The keyboard, beyond Tab: lists by j and k, pages by g and a letter, and a sheet of all of it by "?".
// Never while somebody types, never with Ctrl, Alt or Cmd. Markup says what a key means on a page:
// data-go on links of the navigation, data-create and data-edit on what a page makes and changes.

const sheet = document.querySelector("[data-keys]");
const main = document.getElementById("main");
const GO_MILLISECONDS = 1500;
let goesUntil = 0;
let changed = false;

const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)].find(shown);
const types = (element) =>
  element.matches("textarea, select, [contenteditable]") ||
  (element.matches("input") && !["checkbox", "radio", "submit", "button"].includes(element.type));

// What the key says on a Latin layout: on a Cyrillic one its place counts.
const letterOf = (event) => {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  if (/^\p{Script=Cyrillic}$/u.test(event.key)) return event.code.replace(/^Key/, "").toLowerCase();
  // Where the slash stands on a Russian layout.
  if (event.code === "Slash" && event.key === ".") return "/";
  if (event.code === "Slash" && event.key === ",") return "?";
  return event.key;
};

const rows = () => [...main.querySelectorAll("a.row-link, a.card-link")].filter(shown);

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const focused = all.indexOf(document.activeElement);
  const open = all.findIndex((row) => row.closest("tr")?.hasAttribute("aria-current"));
  const from = focused >= 0 ? focused : open;
  const place = from < 0 ? 0 : Math.min(Math.max(from + step, 0), all.length - 1);
  all[place].focus({ focusVisible: true });
  all[place].scrollIntoView({ block: "nearest" });
  // With a request open beside the list, the next one opens too.
  if (document.querySelector(".panes.split") && place !== open && shown(all[place])) all[place].click();
  return true;
}

// A link is followed, a closed part opens, a form is entered at its first field.
function enter(target) {
  const details = target.closest("details");
  if (target.matches("summary") && details) details.open = true;
  const room = target.matches("summary") ? details : target;
  const field = [...room.querySelectorAll("input, textarea, select")].find((one) => one.type !== "hidden" && shown(one));
  if (field) {
    field.focus();
    field.select?.();
  } else if (target.matches("summary")) target.focus();
  else target.click();
}

function leave() {
  const open = document.activeElement?.closest("details[open]");
  if (open && open.querySelector("summary")) {
    open.open = false;
    open.querySelector("summary").focus({ focusVisible: true });
    return;
  }
  // What was typed and not saved is not left behind.
  if (changed) return;
  find("[data-close], .crumb a")?.click();
}

const acts = {
  "?": () => sheet.showModal(),
  "/": () => {
    const search = [...main.querySelectorAll("input[type=search]")].find(shown);
    if (search) search.select(), search.focus();
    else document.querySelector("[data-palette-open]")?.click();
  },
  j: () => move(1),
  k: () => move(-1),
  c: () => act("[data-create]"),
  e: () => act("[data-edit]"),
};

function act(selector) {
  const target = find(selector);
  if (target) enter(target);
}

function go(letter) {
  const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href);
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  const at = event.target instanceof Element ? event.target : document.body;
  if (event.key === "Escape") {
    if (types(at)) at.blur();
    else leave();
    return;
  }
  if (types(at)) return;
  const key = letterOf(event);
  if (event.timeStamp < goesUntil) {
    goesUntil = 0;
    event.preventDefault();
    go(key);
    return;
  }
  if (key === "g") {
    goesUntil = event.timeStamp + GO_MILLISECONDS;
    return;
  }
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && at.matches("a.row-link, a.card-link")) {
    event.preventDefault();
    move(arrow);
  } else if (Object.hasOwn(acts, key)) {
    event.preventDefault();
    acts[key]();
  }
});

document.addEventListener("input", (event) => {
  if (main.contains(event.target) && event.target.type !== "search") changed = true;
});
document.querySelector("[data-keys-open]")?.addEventListener("click", () => sheet.showModal());
sheet?.addEventListener("click", (event) => {
  if (event.target === sheet) sheet.close();
});
