// Drafts of posts and comments are kept in the browser until they are published, also if the tab is
// closed or the session ends. Logging out deletes them: others may use the same browser. Ctrl+Enter
// publishes.

const PREFIX = "draft:";

class Draft {
  constructor(form) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.notice = form.querySelector("[data-draft-notice]");
    this.key = keyOf(form, location.pathname);
  }

  start() {
    const kept = read(this.key);
    // After a validation error, the server returns the text.
    const isUnchanged = !this.form.querySelector("[aria-invalid]") && this.text.value === this.text.defaultValue;
    if (kept && isUnchanged && kept.base === this.text.defaultValue && kept.text !== kept.base) {
      this.text.value = kept.text;
      this.notice.hidden = false;
      this.text.dispatchEvent(new Event("input"));
    }
    this.text.addEventListener("input", () => this.write(false));
    this.text.addEventListener("keydown", (event) => this.onKey(event));
    this.form.addEventListener("submit", () => this.write(true));
    this.notice.querySelector("button").addEventListener("click", () => this.onDiscard());
  }

  write(sent) {
    const { value: text, defaultValue: base } = this.text;
    try {
      localStorage.setItem(this.key, JSON.stringify({ base, text, sent }));
    } catch {
      // The storage is full, or the browser forbids it: there is no draft then.
    }
  }

  onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.form.requestSubmit(this.form.querySelector("[name=submit]"));
    }
  }

  onDiscard() {
    this.text.value = this.text.defaultValue;
    this.text.dispatchEvent(new Event("input"));
    localStorage.removeItem(this.key);
    this.notice.hidden = true;
    this.text.focus();
  }
}

function keyOf(form, path) {
  return `${PREFIX}${form.dataset.draft}:${path}`;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null; // the browser forbids it
  }
}

// A message of success on the page after a form that was sent from `document.referrer`: the text of
// the form has been published.
function discardPublished(form) {
  if (document.referrer && document.querySelector(".alert-success")) {
    const key = keyOf(form, new URL(document.referrer).pathname);
    if (read(key)?.sent) {
      localStorage.removeItem(key);
    }
  }
}

function discardAll() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    localStorage.removeItem(key);
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  discardPublished(form);
  new Draft(form).start();
}
document.querySelector("#log-out")?.addEventListener("submit", discardAll);
