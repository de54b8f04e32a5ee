// Counts down until another code may be asked for, and says so once.
for (const form of document.querySelectorAll("form.resend")) {
  const buttons = form.querySelectorAll("[data-wait]");
  const when = form.querySelector("[data-in]");
  const ready = form.querySelector("[data-ready]");
  const end = Date.now() + 1000 * Number(buttons[0]?.dataset.wait);
  if (!(end > Date.now())) continue;
  const open = (isOpen) => {
    for (const button of buttons) button.disabled = !isOpen && button.dataset.wait !== "0";
  };
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      open(true);
      when.textContent = "";
      ready.textContent = ready.dataset.ready;
      return;
    }
    open(false);
    const seconds = String(left % 60).padStart(2, "0");
    when.textContent = `${when.dataset.in} ${Math.floor(left / 60)}:${seconds}`;
  };
  const timer = setInterval(tick, 1000);
  tick();
  addEventListener("pageshow", tick);
}
