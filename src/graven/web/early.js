// Runs before the first paint and before any module: the theme, or a dark page would flash white (see preferences.js),
// and the two questions that every page begins with, so that they travel while the modules do (see asked in api.js).
(() => {
  try {
    const chosen = JSON.parse(localStorage.getItem("graven.preferences") || "{}").theme;
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch (error) {
    // nothing was chosen
  }
  if (/[#&]login=/.test(location.hash)) return; // first the code, then who that is
  const ask = (path) => fetch(path, { credentials: "same-origin" });
  const session = ask("/v1/session");
  const logs = session.then((answer) => answer.clone().json()).then(({ who }) => (who ? ask("/v1/logs") : undefined));
  for (const answer of [session, logs]) answer.catch(() => null); // whoever wants it hears of it
  Object.defineProperty(globalThis, "gravenAsked", { value: new Map([["/v1/session", session], ["/v1/logs", logs]]) });
})();
