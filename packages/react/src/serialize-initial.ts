import type { InitialState } from "@setpoint/client/browser";

const escapes = /[<>&\u2028\u2029]/g;

/**
 * The first values as JSON that may stand inside any `<script>` of a page: no value can end the element or begin another.
 * Before the first values it is `null`, which the provider takes for none.
 * `<script type="application/json" id="setpoint">…</script>`, then `JSON.parse(document.getElementById("setpoint").textContent)`.
 */
export function serializeInitial(initial: InitialState | undefined): string {
  return JSON.stringify(initial ?? null).replace(escapes, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
