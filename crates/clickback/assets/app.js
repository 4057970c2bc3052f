// Small things on every page: forms that send themselves when a choice changes, tabs that scroll.

for (const form of document.querySelectorAll("form[data-auto]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
  // Empty filters have no place in the address.
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && !field.value.trim()) field.disabled = true;
    }
  });
  addEventListener("pageshow", () => {
    for (const field of form.elements) field.disabled = false;
  });
}

// Of tabs that do not fit, the chosen one is shown.
for (const chosen of document.querySelectorAll(".tabs [aria-current]")) {
  const tabs = chosen.parentElement;
  const [room, tab] = [tabs.getBoundingClientRect(), chosen.getBoundingClientRect()];
  if (tab.right > room.right) tabs.scrollLeft += tab.right - room.right + 48;
}
