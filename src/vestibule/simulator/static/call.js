// The call sheet: rings, is answered or declined, speaks, takes keys, ends.
import { speak } from "./voice.js";
import { word } from "./words.js";

const RINGS_FOR = 45_000;

export function startCalls(onEnded) {
  const sheet = document.querySelector("[data-sheet]");
  const find = (name) => sheet.querySelector(`[data-${name}]`);
  const [state, transcript, keypad] = [find("state"), find("transcript"), find("keypad")];
  const [answer, decline] = [find("answer"), find("decline")];
  const lock = document.querySelector("[data-lock]");
  let call = null;

  function ring(message) {
    if (call) close("was_missed");
    call = { message, hangUp: new AbortController(), isAnswered: false };
    for (const spot of sheet.querySelectorAll("[data-call]")) spot.textContent = message[spot.dataset.call];
    transcript.replaceChildren();
    stage("incoming", "decline", true);
    sheet.hidden = false;
    lock.inert = true;
    call.timer = setTimeout(close, RINGS_FOR, "was_missed");
  }

  function stage(name, refusal, isRinging) {
    state.textContent = word(name);
    decline.textContent = word(refusal);
    sheet.classList.toggle("ringing", isRinging);
    answer.hidden = !isRinging;
    decline.classList.toggle("over", name === "ended");
    keypad.hidden = name !== "talking";
  }

  async function pickUp() {
    const current = call;
    clearTimeout(current.timer);
    current.isAnswered = true;
    stage("talking", "hang_up", false);
    decline.focus();
    await speak(current.message, write, current.hangUp.signal);
    if (call === current) stage("ended", "close", false);
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

  function close(ended) {
    const { message, hangUp, timer } = call;
    const hadFocus = sheet.contains(document.activeElement);
    clearTimeout(timer);
    call = null;
    hangUp.abort();
    sheet.hidden = true;
    lock.inert = false;
    if (hadFocus) document.getElementById("phone-title").focus();
    onEnded(message, ended);
  }

  answer.addEventListener("click", pickUp);
  decline.addEventListener("click", () => close(call.isAnswered ? "was_answered" : "was_declined"));
  keypad.addEventListener("click", (event) => {
    const { key } = event.target.dataset;
    if (key) write(word("pressed", { key }), "pressed");
  });
  return ring;
}
