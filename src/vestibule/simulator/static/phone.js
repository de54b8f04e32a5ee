// The lock screen: its clock, its texts and its calls.
import { startCalls } from "./call.js";
import { build, clock } from "./message.js";
import { wave } from "./tabs.js";
import { announce, word } from "./words.js";

const STILL_RINGS_FOR = 120_000;

export function startPhone() {
  const list = document.querySelector('[data-list="phone"]');
  tick(document.querySelector("[data-clock]"));
  for (const details of list.querySelectorAll("details")) details.open = false;
  const ring = startCalls((message, ended) => {
    const node = build("call", message);
    node.querySelector("[data-ended]").textContent = `· ${word(ended)}`;
    list.prepend(node);
    remember(message.id);
  });

  function take(message) {
    if (message.channel === "voice") {
      ring(message);
      wave("phone", word("ringing"));
      announce(word("incoming"));
      return;
    }
    list.prepend(build("text", message));
    wave("phone");
    announce(`${word("new_text")}: ${message.text}`);
  }

  ringStill(list, take);
  return take;
}

// A call placed just before this page was opened has not been missed: it rings.
async function ringStill(list, take) {
  const newest = list.firstElementChild;
  if (!newest?.classList.contains("call") || isRemembered(newest.dataset.id)) return;
  const age = Date.now() - Date.parse(newest.querySelector("time").dateTime);
  if (Math.abs(age) > STILL_RINGS_FOR) return;
  const messages = await (await fetch("/simulator/messages")).json();
  const call = messages.find((message) => message.id === newest.dataset.id);
  if (!call) return;
  newest.remove();
  take(call);
}

function remember(id) {
  sessionStorage.setItem(`vestibule-simulator-rang-${id}`, "");
}

function isRemembered(id) {
  return sessionStorage.getItem(`vestibule-simulator-rang-${id}`) !== null;
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
