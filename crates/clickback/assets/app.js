// Small things on every page: forms that send themselves when a choice changes.

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
