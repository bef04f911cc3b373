// Try the API on its own page. Without this file the page can be read, and nothing is sent.

const tokenForm = document.querySelector("[data-token]");
tokenForm.hidden = false;
tokenForm.addEventListener("submit", (event) => event.preventDefault());

function utf8(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function asked(form) {
  const query = new URLSearchParams();
  const headers = {};
  const login = {};
  let path = form.dataset.path;
  let body;
  for (const field of form.querySelectorAll("[data-in]")) {
    const { in: place, name } = field.dataset;
    const value = field.value;
    if (place === "body") {
      body = value;
      headers["Content-Type"] = "application/json";
    } else if (place === "path") {
      path = path.replace(`{${name}}`, encodeURIComponent(value));
    } else if (place === "login") {
      login[name] = value;
    } else if (value && place === "query") {
      query.set(name, value);
    } else if (value && place === "header") {
      headers[name] = value;
    }
  }
  const token = tokenForm.elements.token.value.trim();
  if ("password" in login) {
    headers.Authorization = `Basic ${utf8(`${login.email}:${login.password}`)}`;
  } else if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  const search = query.size ? `?${query}` : "";
  // No cookies: the API reads none, and a browser would ask for a password by itself after a 401.
  const options = { method: form.dataset.method, headers, body, credentials: "omit", cache: "no-store" };
  return { path: path + search, options };
}

async function told(answer) {
  const kept = ["ETag", "Location", "Retry-After", "Allow"];
  const headers = kept.filter((name) => answer.headers.has(name));
  const lines = headers.map((name) => `${name}: ${answer.headers.get(name)}`);
  const text = await answer.text();
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  const shown = isJson ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return [`${answer.status} ${answer.statusText}`.trim(), ...lines, "", shown].join("\n").trim();
}

for (const form of document.querySelectorAll("[data-try]")) {
  form.querySelector("button").hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.querySelector(".api-response");
    shown.hidden = false;
    shown.textContent = "…";
    const { path, options } = asked(form);
    try {
      shown.textContent = await told(await fetch(path, options));
    } catch (error) {
      shown.textContent = String(error);
    }
  });
}

// A link to one operation opens it.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
  }
}

openTarget();
addEventListener("hashchange", openTarget);
