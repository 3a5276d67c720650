/*
 * Takes an invite link's secret out of the address before anything else of the page is loaded
 * (docs/decisions/054): a classic script, the first in the page. What it takes waits in this tab's session
 * storage until the user has used or closed it, also while an account is made or the page is reloaded.
 */
(function () {
  const key = "qpq-invite-link";
  function take() {
    const found = /^#\/i\/(.+)$/.exec(location.hash);
    if (!found) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    try {
      sessionStorage.setItem(key, found[1]);
    } catch {
      // Without a session storage the link is good for this page alone.
      globalThis.qpqInviteLink = found[1];
    }
    dispatchEvent(new Event("qpq-invite-link"));
  }
  take();
  addEventListener("hashchange", take);
})();
