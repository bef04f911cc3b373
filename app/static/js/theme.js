// The theme button in the header: system -> light -> dark -> system. The choice is stored in a
// cookie that the server reads, so that pages load with the right colors.

const ORDER = ["auto", "light", "dark"];
const ONE_YEAR = 365 * 24 * 60 * 60;
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
  document.getElementById("dark-colors").media = MEDIA[theme];
  const scheme = document.querySelector('meta[name="color-scheme"]');
  scheme.content = theme === "auto" ? "light dark" : theme;
}

function store(button, theme) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=${button.dataset.path}; max-age=${ONE_YEAR}; samesite=lax${secure}`;
}

const button = document.querySelector("[data-theme-toggle]");
if (button) {
  show(button, button.dataset.theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = button.dataset.next;
    apply(theme);
    store(button, theme);
    show(button, theme);
  });
}
