// The theme button in the header: automatic -> light -> dark -> automatic. The choice is kept in
// the cookie that the server reads, so the next page arrives in the right colours at once.

const ORDER = ["auto", "light", "dark"];
const YEAR = 365 * 24 * 60 * 60;
const MEDIA = {
  auto: "screen and (prefers-color-scheme: dark)",
  light: "not all",
  dark: "screen",
};

function show(button, theme) {
  const next = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
  button.dataset.theme = theme;
  button.setAttribute("aria-label", button.dataset[`label${theme}`]);
  button.title = button.dataset[`label${theme}`];
  button.dataset.next = next;
  for (const icon of button.querySelectorAll("[data-icon]")) {
    icon.toggleAttribute("hidden", icon.dataset.icon !== theme);
  }
}

function apply(theme) {
  const root = document.documentElement;
  if (theme === "auto") {
    root.removeAttribute("data-bs-theme");
  } else {
    root.setAttribute("data-bs-theme", theme);
  }
  document.getElementById("dark-colours").media = MEDIA[theme];
  const scheme = document.querySelector('meta[name="color-scheme"]');
  scheme.content = theme === "auto" ? "light dark" : theme;
}

function remember(theme) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
}

const button = document.querySelector("[data-theme-toggle]");
if (button) {
  show(button, button.dataset.theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = button.dataset.next;
    apply(theme);
    remember(theme);
    show(button, theme);
  });
}
