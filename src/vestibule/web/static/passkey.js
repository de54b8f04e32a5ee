// A form with data-passkey: the press asks us what to ask, the browser asks the person, and the
// answer goes in with the form. Without this script the page's other ways stand as ever.
const read = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const write = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const listed = (list) => (list ?? []).map((one) => ({ ...one, id: read(one.id) }));

async function ask(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams({ csrf: form.elements.csrf.value }),
  });
  // Signed out meanwhile, say: the page itself knows what comes first now.
  if (answer.redirected) return location.reload();
  return answer.json();
}

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: read(options.challenge),
      user: { ...options.user, id: read(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
    },
  });
  return {
    attestationObject: write(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
    made,
  };
}

async function prove(options) {
  const made = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: read(options.challenge),
      allowCredentials: listed(options.allowCredentials),
    },
  });
  const { authenticatorData, signature, userHandle } = made.response;
  return {
    authenticatorData: write(authenticatorData),
    signature: write(signature),
    userHandle: userHandle ? write(userHandle) : null,
    made,
  };
}

async function run(form) {
  const asked = await ask(form);
  if (!asked) return;
  if (asked.refused) throw new Error(asked.refused);
  const act = form.dataset.passkey === "create" ? create : prove;
  const { made, ...response } = await act(asked.options);
  response.clientDataJSON = write(made.response.clientDataJSON);
  form.elements.credential.value = JSON.stringify({
    id: made.id,
    rawId: write(made.rawId),
    type: made.type,
    response,
  });
  form.requestSubmit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  let busy = false;
  if (!("PublicKeyCredential" in window)) {
    if (said) said.textContent = form.dataset.unsupported;
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    said.textContent = "";
    try {
      await run(form);
    } catch (error) {
      const known = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "present" };
      const name = error instanceof DOMException ? (known[error.name] ?? "failed") : null;
      said.textContent = name ? form.dataset[name] : (error.message || form.dataset.failed);
    }
    busy = false;
  });
}
// Back to a page that a browser kept: its answer was used up.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-passkey] [name=credential]")) {
    field.value = "";
  }
});
