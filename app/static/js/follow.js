// Follow and unfollow without reloading the page. The form works without JavaScript; if the request
// fails, it is submitted normally.

const HEADER = "profile-header";

async function send(form) {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!response.ok) {
    throw new Error(`HTTP ${response.status}`);
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const header = page.getElementById(HEADER);
  if (!header) {
    throw new Error("The response has no profile header.");
  }
  return { header, flashes: page.getElementById("flashes") };
}

function replace({ header, flashes }) {
  document.getElementById(HEADER).replaceWith(document.adoptNode(header));
  if (flashes) {
    const messages = [...flashes.childNodes].map((node) => document.adoptNode(node));
    document.getElementById("flashes").replaceChildren(...messages);
  }
  document.querySelector(`#${HEADER} [data-follow] button`)?.focus();
  document.dispatchEvent(new Event("flasky:changed"));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-follow]")) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") {
    return;
  }
  button.setAttribute("aria-busy", "true");
  try {
    replace(await send(form));
  } catch {
    form.submit();
  }
});
