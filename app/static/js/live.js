// New posts and unread notifications appear without reloading the page: by server-sent events, if
// the server has them (LIVE_STREAM), otherwise by a request a minute. While the page is hidden there
// is neither: browsers open six connections to a host over HTTP/1, and each tab would keep one.

const POLL_MS = 60_000;
const STREAM_MS = 5_000; // a page that the user leaves at once opens no stream

class Live {
  constructor(badge) {
    this.badge = badge;
    this.bar = document.querySelector("[data-live-feed]");
    const { liveFeed: feed, after } = this.bar?.dataset ?? {};
    this.query = feed ? `?${new URLSearchParams({ feed, after })}` : "";
    this.failures = 0;
    this.isStreamNext = Boolean(badge.dataset.stream);
    this.timer = 0;
    this.stream = null;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.onVisibilityChange());
    this.wait();
  }

  onVisibilityChange() {
    this.stop();
    if (!document.hidden) {
      this.update();
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.close();
  }

  // A server that restarts ends all streams at once: clients return at different times.
  wait() {
    const ms = this.badge.dataset.stream ? STREAM_MS * 2 ** this.failures : POLL_MS;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.update(), Math.min(ms, POLL_MS) * (0.75 + Math.random() / 2));
  }

  update() {
    this.stop();
    if (document.hidden) {
      return;
    }
    if (this.isStreamNext) {
      this.listen();
    } else {
      this.poll();
    }
  }

  listen() {
    this.stream = new EventSource(this.badge.dataset.stream + this.query);
    this.stream.addEventListener("message", (event) => {
      this.failures = 0;
      this.show(JSON.parse(event.data));
    });
    this.stream.addEventListener("error", () => {
      this.stop();
      this.failures += 1;
      this.isStreamNext = false;
      this.wait();
    });
  }

  async poll() {
    this.isStreamNext = Boolean(this.badge.dataset.stream);
    try {
      const response = await fetch(this.badge.dataset.live + this.query, { redirect: "error" });
      if (response.status === 403) {
        return; // logged out
      }
      if (response.ok) {
        this.show(await response.json());
      }
    } catch {
      // The site cannot be reached: ask again later.
    }
    this.wait();
  }

  show({ posts, unread }) {
    const count = shown(unread, 99);
    this.badge.hidden = unread === 0;
    for (const element of this.badge.children) {
      write(element, count);
    }
    if (this.bar && posts) {
      this.bar.hidden = false;
      write(this.bar, shown(posts, 20));
    }
  }
}

function shown(count, limit) {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  return count > limit ? `${number.format(limit)}+` : number.format(count);
}

function write(element, count) {
  const text = (element.dataset.text ?? "{count}").replace("{count}", count);
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const badge = document.querySelector("[data-live]");
if (badge) {
  new Live(badge).start();
}
