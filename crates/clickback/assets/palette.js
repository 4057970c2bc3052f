// Ctrl-K or Cmd-K: search over the page. Without script the sidebar's link opens the same as a page.

const dialog = document.querySelector("[data-palette]");

if (dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[data-hits]");
  let asked = 0;

  const links = () => [...list.querySelectorAll("a")];
  const choose = (at) => {
    const all = links();
    const place = all.length ? (at + all.length) % all.length : -1;
    all.forEach((link, index) => {
      link.parentElement.setAttribute("aria-selected", String(index === place));
      if (index === place) link.scrollIntoView({ block: "nearest" });
    });
  };
  const chosen = () => links().findIndex((link) => link.parentElement.getAttribute("aria-selected") === "true");

  const ask = async () => {
    const number = ++asked;
    const answer = await fetch(`/find?part=1&q=${encodeURIComponent(input.value)}`).catch(() => null);
    if (!answer?.ok || number !== asked) return;
    list.innerHTML = await answer.text();
    choose(0);
  };

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    ask();
  };

  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyK") {
      event.preventDefault();
      open();
    }
  });
  document.querySelector("[data-palette-open]")?.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
  input.addEventListener("input", ask);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      links()[Math.max(chosen(), 0)]?.click();
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
