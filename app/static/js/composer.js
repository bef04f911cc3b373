// Live preview and character count of posts and comments. Without JavaScript, the Preview button
// reloads the page with the preview.

const DEBOUNCE_MS = 300;

class Composer {
  constructor(form) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.region = form.querySelector("[data-preview]");
    this.output = form.querySelector("[data-preview-body]");
    this.status = form.querySelector("[data-preview-status]");
    this.count = form.querySelector("[data-count]");
    this.limit = this.text.maxLength;
    this.pending = null;
    this.timer = 0;
  }

  start() {
    this.form.querySelector("[name=preview]")?.setAttribute("hidden", "");
    // Browsers silently truncate pasted text at maxlength. Show the count instead.
    this.text.removeAttribute("maxlength");
    this.text.addEventListener("input", () => this.onInput());
    this.resize();
    this.countCharacters();
    if (this.text.value.trim()) {
      this.refresh();
    }
  }

  onInput() {
    this.resize();
    this.countCharacters();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), DEBOUNCE_MS);
  }

  resize() {
    // Measuring shrinks the field for a moment; restore the scroll position.
    const { scrollX, scrollY } = window;
    this.text.style.height = "auto";
    const border = this.text.offsetHeight - this.text.clientHeight;
    this.text.style.height = `${this.text.scrollHeight + border}px`;
    window.scrollTo(scrollX, scrollY);
  }

  countCharacters() {
    if (!this.count || this.limit < 0) {
      return;
    }
    // Forms submit a line break as two characters, and the server counts both.
    const left = this.limit - this.text.value.replaceAll("\n", "\r\n").length;
    const number = new Intl.NumberFormat(document.documentElement.lang).format(left);
    this.count.textContent = this.count.dataset.count.replace("{count}", number);
    this.count.classList.toggle("composer-count-over", left < 0);
    this.count.hidden = this.text.value === "";
  }

  async refresh() {
    this.pending?.abort();
    this.pending = new AbortController();
    const { signal } = this.pending;
    try {
      this.show(await this.render(signal));
    } catch (error) {
      if (error.name !== "AbortError") {
        this.fail();
      }
    }
  }

  async render(signal) {
    const fields = new FormData();
    fields.set("body", this.text.value);
    fields.set("kind", this.form.dataset.kind);
    fields.set("csrf_token", this.form.querySelector("[name=csrf_token]").value);
    const response = await fetch(this.form.dataset.previewUrl, {
      method: "POST",
      body: fields,
      signal,
    });
    // A redirect leads to the login page, which is not a preview.
    if (!response.ok || response.redirected) {
      throw new Error(`HTTP ${response.status}`);
    }
    return response.status === 204 ? "" : response.text();
  }

  show(html) {
    // The server has sanitized this HTML, as it does when a post is saved.
    this.output.innerHTML = html;
    this.region.hidden = html.trim() === "";
    this.status.hidden = true;
  }

  fail() {
    this.status.textContent = this.form.dataset.previewFailed;
    this.status.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-composer]")) {
  new Composer(form).start();
}
