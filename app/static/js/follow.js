// Follow and unfollow without leaving the page. The form works without this file; when anything
// goes wrong here, the form is sent the ordinary way.

const HEADER = "profile-header";

async function send(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!answer.ok) {
    throw new Error(`The server answered ${answer.status}.`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const header = page.getElementById(HEADER);
  if (!header) {
    throw new Error("The answer holds no profile.");
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
