// The alerts page takes its list again when an alert has changed.
"use strict";
(() => {
  const { json, poll } = Sinyal;
  let seen = null;
  async function read() {
    const { alerts } = await json("/api/alerts");
    const now = JSON.stringify(alerts);
    if (seen !== null && now !== seen) {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      document.getElementById("main").replaceWith(document.adoptNode(page.getElementById("main")));
    }
    seen = now;
    return "";
  }
  read().catch(() => {});
  poll(read);
})();
