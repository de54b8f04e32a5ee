// Show and hide what is typed into a password field.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const show = button.textContent;
  const set = (open) => {
    field.type = open ? "text" : "password";
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? button.dataset.hide : show;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    set(field.type === "password");
    field.focus();
  });
  // A password manager saves what is of type password when the form leaves.
  field.form.addEventListener("submit", () => set(false));
}
