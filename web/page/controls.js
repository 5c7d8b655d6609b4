// What can be changed from the page. The token proves that the request comes from a page of this very endpoint.
let known = { token: '' };

export async function loadControls() {
  known = await (await fetch('/api/controls')).json();
}

export const can = (what) => known[what] === true;

/** Resolves to an error text, or to nothing. */
export async function change(path, session, id) {
  const query = new URLSearchParams({ session, id });
  const answer = await fetch(`${path}?${query}`, { method: 'POST', headers: { 'X-Mtcp-Token': known.token } });
  if (answer.status === 403) await loadControls();  // the program was restarted
  return answer.ok ? '' : `${answer.status} ${answer.statusText}`;
}
