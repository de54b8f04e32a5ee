// Counts down to the moment when another code may be asked for, and says so once.
for (const button of document.querySelectorAll("[data-wait]")) {
  const line = button.closest("p");
  const when = line.querySelector("[data-in]");
  const ready = line.querySelector("[data-ready]");
  const end = Date.now() + 1000 * Number(button.dataset.wait);
  if (end <= Date.now()) continue;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      button.disabled = false;
      when.textContent = "";
      ready.textContent = ready.dataset.ready;
      return;
    }
    button.disabled = true;
    const seconds = String(left % 60).padStart(2, "0");
    when.textContent = `${when.dataset.in} ${Math.floor(left / 60)}:${seconds}`;
  };
  const timer = setInterval(tick, 1000);
  tick();
  addEventListener("pageshow", tick);
}
