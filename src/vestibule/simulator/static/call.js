// The call sheet: rings, is answered or declined, speaks, takes keys, ends. What is said, and whether
// a key is waited for, comes from the server, stage by stage; no code is here before its key.
import { speak } from "./voice.js";
import { word } from "./words.js";

const RINGS_FOR = 31_000;
const KEY_WITHIN = 10_000;
const KEYS = "0123456789*#";

export function startCalls(onEnded) {
  const sheet = document.querySelector("[data-sheet]");
  const find = (name) => sheet.querySelector(`[data-${name}]`);
  const [state, transcript, keypad] = [find("state"), find("transcript"), find("keypad")];
  const [answer, decline] = [find("answer"), find("decline")];
  const lock = document.querySelector("[data-lock]");
  let call = null;

  async function ring(message) {
    if (call) await close();
    call = { message, written: 0, voice: new AbortController(), isAsking: false };
    for (const spot of sheet.querySelectorAll("[data-call]")) spot.textContent = message[spot.dataset.call];
    transcript.replaceChildren();
    sheet.hidden = false;
    lock.inert = true;
    if (message.state === "talking") return listen(call);
    stage("incoming", "decline", true);
    call.timer = setTimeout(close, RINGS_FOR);
  }

  function stage(name, refusal, isRinging) {
    state.textContent = word(name);
    decline.textContent = word(refusal);
    sheet.classList.toggle("ringing", isRinging);
    answer.hidden = !isRinging;
    decline.classList.toggle("over", name === "ended");
    keypad.hidden = isRinging || name === "ended";
  }

  // One thing at a time: a key pressed twice is asked for once.
  async function ask(current, path, key) {
    if (current.isAsking) return false;
    current.isAsking = true;
    clearTimeout(current.timer);
    try {
      current.message = await post(current.message.id, path, key);
    } catch {
      state.textContent = word("unreachable");
      return false;
    } finally {
      current.isAsking = false;
    }
    current.voice.abort();
    current.voice = new AbortController();
    return true;
  }

  async function pickUp() {
    const current = call;
    if (!(await ask(current, "answer"))) return;
    decline.focus();
    await listen(current);
  }

  async function press(key) {
    const current = call;
    if (!current?.message.takes_keys || !(await ask(current, "key", key))) return;
    await listen(current);
  }

  async function listen(current) {
    const { signal } = current.voice;
    stage("talking", "hang_up", false);
    const lines = current.message.heard.slice(current.written);
    current.written = current.message.heard.length;
    for (const line of lines) {
      if (signal.aborted) return;
      if (line.is_key) write(word("pressed", { key: line.text }), "pressed");
      else await speak(line.text, current.message.locale, write, signal);
    }
    if (call !== current || signal.aborted) return;
    if (!current.message.takes_keys) return stage("ended", "close", false);
    state.textContent = word("your_key");
    current.timer = setTimeout(press, KEY_WITHIN, "");
  }

  function write(sentence, kind = "") {
    const last = transcript.lastElementChild;
    const isDigit = /^\d$/.test(sentence);
    if (isDigit && last?.className === "digit") last.textContent += ` ${sentence}`;
    else {
      const line = document.createElement("p");
      line.className = kind || (isDigit ? "digit" : "");
      line.textContent = sentence;
      transcript.append(line);
    }
    transcript.scrollTop = transcript.scrollHeight;
  }

  async function close() {
    const current = call;
    const hadFocus = sheet.contains(document.activeElement);
    clearTimeout(current.timer);
    current.voice.abort();
    if (current.message.state !== "over" && !(await ask(current, "hang-up"))) return;
    call = null;
    sheet.hidden = true;
    lock.inert = false;
    if (hadFocus) document.getElementById("phone-title").focus();
    onEnded(current.message);
  }

  // A narrower page must not hide what was said last.
  new ResizeObserver(() => (transcript.scrollTop = transcript.scrollHeight)).observe(transcript);
  answer.addEventListener("click", pickUp);
  decline.addEventListener("click", close);
  keypad.addEventListener("click", (event) => {
    if (event.target.dataset.key) press(event.target.dataset.key);
  });
  sheet.addEventListener("keydown", (event) => {
    if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press(event.key);
  });
  return ring;
}

async function post(id, path, key) {
  const answer = await fetch(`/simulator/calls/${encodeURIComponent(id)}/${path}`, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: key === undefined ? undefined : new URLSearchParams({ key }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
