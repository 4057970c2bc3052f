// The theme switch without loading the page again; the cookie tells the server for the next one.

for (const choice of document.querySelectorAll("[data-theme-choice]")) {
  choice.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const theme = choice.dataset.themeChoice;
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
      if (other === choice) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
  });
}
