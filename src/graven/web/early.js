// Runs before the first paint, or a dark page would flash white. See preferences.js.
try {
  var chosen = JSON.parse(localStorage.getItem("graven.preferences") || "{}").theme;
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch (error) {
  // nothing was chosen
}
