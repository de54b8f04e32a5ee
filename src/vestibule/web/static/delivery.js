// Asks how far the message has come, until it arrived or was refused.
const ENOUGH = 90;
const PATIENCE = 60000;
const list = document.querySelector("[data-poll]");
const box = list?.closest(".waiting");
const call = box?.querySelector(".other[value=voice]");
const wait = call?.dataset.wait;

function show(state) {
  for (const stage of ["written", "handed_over", "delivered"]) {
    const item = list.querySelector(`[data-stage=${stage}]`);
    item.classList.toggle("done", Boolean(state[stage]));
    item.querySelector(".at").textContent = state[stage] ?? "";
  }
  const refused = box.querySelector("[data-stage=refused]");
  if (refused.textContent !== (state.refused ?? "")) refused.textContent = state.refused ?? "";
  const isOpen = Boolean(state.slow || state.refused);
  box.classList.toggle("slow", isOpen);
  // A call instead waits for nothing; countdown.js reads it at its next second.
  if (call) call.dataset.wait = isOpen ? 0 : wait;
  return Boolean(state.delivered || state.refused);
}

async function ask(times, missed) {
  if (times > ENOUGH) return;
  let done = false;
  if (!document.hidden) {
    try {
      const answer = await fetch(list.dataset.poll, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      done = show(await answer.json());
      missed = 0;
    } catch {
      // Tried again, each time later.
      missed += 1;
    }
  }
  const pause = (times < 30 ? 2000 : 5000) * 2 ** missed;
  if (!done) setTimeout(ask, Math.min(pause, PATIENCE), times + 1, missed);
}

if (list) setTimeout(ask, 1000, 0, 0);
