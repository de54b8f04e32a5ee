// Speaks one sentence, and lets the caller write it down as it starts.

// Browsers load their voices late; asking early has them ready for the first call.
globalThis.speechSynthesis?.getVoices();

export async function speak(sentence, locale, onSentence, signal) {
  onSentence(sentence);
  await say(sentence, locale, signal);
}

function say(sentence, lang, signal) {
  const hasVoice = (globalThis.speechSynthesis?.getVoices().length ?? 0) > 0;
  return new Promise((resolve) => {
    // Some browsers never report the end of an utterance; the call goes on all the same.
    const limit = setTimeout(done, hasVoice ? 4000 + 120 * sentence.length : 350 + 40 * sentence.length);
    let isDone = false;

    function done() {
      if (isDone) return;
      isDone = true;
      clearTimeout(limit);
      if (signal.aborted) globalThis.speechSynthesis?.cancel();
      resolve();
    }

    signal.addEventListener("abort", done, { once: true });
    if (!hasVoice) return;
    const utterance = new SpeechSynthesisUtterance(sentence);
    utterance.lang = lang;
    utterance.rate = 0.9;
    utterance.onend = utterance.onerror = done;
    speechSynthesis.speak(utterance);
  });
}
