// Asks how far the message has come, until it arrived or was refused.
const ENOUGH = 90;
const list = document.querySelector("[data-poll]");

function show(state) {
  const box = list.closest(".waiting");
  for (const stage of ["written", "handed_over", "delivered"]) {
    const item = list.querySelector(`[data-stage=${stage}]`);
    item.classList.toggle("done", Boolean(state[stage]));
    item.querySelector(".at").textContent = state[stage] ?? "";
  }
  const refused = box.querySelector("[data-stage=refused]");
  if (refused.textContent !== (state.refused ?? "")) refused.textContent = state.refused ?? "";
  box.classList.toggle("slow", Boolean(state.slow || state.refused));
  // A call instead waits for nothing.
  if (state.refused) box.querySelector(".other[value=voice]")?.setAttribute("data-wait", 0);
  return Boolean(state.delivered || state.refused);
}

async function ask(times) {
  if (times > ENOUGH) return;
  let done = false;
  if (!document.hidden) {
    try {
      const answer = await fetch(list.dataset.poll, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      done = show(await answer.json());
    } catch {
      // Tried again.
    }
  }
  if (!done) setTimeout(ask, times < 30 ? 2000 : 5000, times + 1);
}

if (list) setTimeout(ask, 1000, 0);
