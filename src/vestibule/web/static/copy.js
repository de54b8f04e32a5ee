// Copy buttons: shown only where the clipboard can be written.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const note = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    note.textContent = "";
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      note.textContent = button.dataset.done;
    } catch {
      button.hidden = true;
    }
  });
}
