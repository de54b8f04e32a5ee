// The lock screen: its clock, its texts and its calls.
import { startCalls } from "./call.js";
import { build, clock } from "./message.js";
import { wave } from "./tabs.js";
import { announce, word } from "./words.js";

export function startPhone() {
  const list = document.querySelector('[data-list="phone"]');
  tick(document.querySelector("[data-clock]"));
  for (const details of list.querySelectorAll("details")) details.open = false;
  const ring = startCalls((message) => list.prepend(build("call", message)));

  function take(message) {
    if (message.channel !== "voice") {
      list.prepend(build("text", message));
      wave("phone");
      announce(`${word("new_text")}: ${message.text}`);
    } else if (message.state === "over") {
      list.prepend(build("call", message));
      wave("phone");
    } else {
      ring(message);
      wave("phone", word("ringing"));
      announce(word("incoming"));
    }
  }

  ringStill(list, take);
  return take;
}

// A call that came before this page was opened, and is not over, rings or goes on.
async function ringStill(list, take) {
  const waiting = list.querySelector('[data-state="ringing"], [data-state="talking"]');
  if (!waiting) return;
  const answer = await fetch(`/simulator/messages/${encodeURIComponent(waiting.dataset.id)}`);
  const message = answer.ok && (await answer.json());
  if (!message) return;
  waiting.remove();
  take(message);
}

function tick(face) {
  const now = new Date();
  face.querySelector("time").textContent = clock(now);
  face.querySelector("span").textContent = now.toLocaleDateString(document.documentElement.lang, {
    weekday: "long",
    day: "numeric",
    month: "long",
  });
  setTimeout(() => tick(face), 60_000 - (now.getTime() % 60_000));
}
