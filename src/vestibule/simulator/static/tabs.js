// On a narrow screen one part of the desk is shown at a time; on a wide one nothing changes.
const desk = document.querySelector(".desk");
const tabs = [...document.querySelectorAll("[data-tab]")];

export function startTabs() {
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(tab.dataset.tab);
    });
  }
  show(desk.dataset.newest);
}

export function show(part) {
  desk.dataset.shown = part;
  for (const tab of tabs) {
    const isShown = tab.dataset.tab === part;
    tab.setAttribute("aria-current", String(isShown));
    if (isShown) badge(tab, "");
  }
}

// A part that is out of sight says on its tab that something waits there.
export function wave(part, text) {
  if (desk.dataset.shown === part) return;
  const tab = tabs.find((one) => one.dataset.tab === part);
  const waiting = Number(tab.querySelector("[data-badge]").textContent) || 0;
  badge(tab, text ?? String(waiting + 1));
}

function badge(tab, text) {
  const spot = tab.querySelector("[data-badge]");
  spot.textContent = text;
  spot.hidden = !text;
}
