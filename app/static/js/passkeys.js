// Passkeys (WebAuthn). Forms with data-passkey="create" or "get" send what the browser returns.
// Without JavaScript, or in browsers without passkeys, they stay hidden.

const isSupported = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
// The browser waits in the background until the user picks a passkey in the email field.
let waiting = null;

async function ask(form, options) {
  const json = JSON.parse(form.dataset.options);
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return navigator.credentials.get({ publicKey, ...options });
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  if (document.querySelector("[type=checkbox][name=remember_me]:checked")) {
    form.elements.remember_me.value = "y";
  }
  HTMLFormElement.prototype.submit.call(form); // "submit" is the name of a button
}

async function onSubmit(event) {
  event.preventDefault();
  const form = event.target;
  const failed = form.querySelector("[data-passkey-failed]");
  waiting?.abort();
  let credential;
  try {
    credential = await ask(form);
  } catch {
    // The user has cancelled, or there is no passkey; the browser has said so.
    failed?.removeAttribute("hidden");
    return;
  }
  send(form, credential);
}

async function waitForChoice(form) {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
    waiting = new AbortController();
    const options = { mediation: "conditional", signal: waiting.signal };
    const credential = await ask(form, options).catch(() => null); // aborted by the button
    if (credential) {
      send(form, credential);
    }
  }
}

if (isSupported) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
    if ("conditional" in form.dataset) {
      waitForChoice(form);
    }
  }
  document.querySelector("[data-passkey-note]")?.remove();
}
