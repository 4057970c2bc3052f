// The catalogue filters itself while one types or changes the category; without this module the same form
// and the same links ask the server.

const root = document.querySelector("[data-catalogue]");
const search = root.querySelector("[data-catalogue-search]");
const tabs = [...root.querySelectorAll("a[data-shelf]")];
const cards = [...root.querySelectorAll("li[data-name]")];
const none = root.querySelector("[data-catalogue-none]");
// The server may have left partners out: then it is asked again.
const complete = new URLSearchParams(location.search).get("category") === null && !search.value;
let shelf = "";

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const card of cards) {
    const name = card.dataset.name.toLowerCase();
    card.hidden = (shelf !== "" && card.dataset.shelf !== shelf) || !words.every((word) => name.includes(word));
    if (!card.hidden) shown++;
  }
  none.hidden = shown > 0;
}

if (complete) {
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      shelf = tab.dataset.shelf;
      for (const other of tabs) {
        if (other === tab) other.setAttribute("aria-current", "true");
        else other.removeAttribute("aria-current");
      }
      filter();
    });
  }
}
