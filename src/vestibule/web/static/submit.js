// One press sends one form. The pressed button is disabled only after the browser has read its
// name and value; every button comes back with the page. Forms may ask for this clock's zone.
const sent = new Set();

function release() {
  for (const button of sent) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
  sent.clear();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.hasAttribute("data-stays")) return;
  const zone = form.querySelector("[data-time-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const button = event.submitter ?? form.querySelector("button:not([disabled])");
  setTimeout(() => {
    for (const each of form.querySelectorAll("button:not([type=button]):not(:disabled)")) {
      each.disabled = true;
      sent.add(each);
    }
    button?.setAttribute("aria-busy", "true");
  });
  // A connection that never answers must not leave a dead button behind.
  setTimeout(release, 15000);
});

addEventListener("pageshow", release);
