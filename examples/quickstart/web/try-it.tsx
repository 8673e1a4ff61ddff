import type { ReactElement } from "react";

const commands = [
  "set shop.discountPercent 25",
  'set shop.banner "Open studio this weekend"',
  "set shop.accent celadon",
  "set shop.itemsPerPage 9",
  "set shop.checkoutEnabled false",
];

/** What to type to see the page change. */
export function TryIt(): ReactElement {
  return (
    <footer className="try-it">
      <h2>Change this page while you look at it</h2>
      <p>
        Run one of these in the repository&rsquo;s root. The small numbers count how often each part has rendered: only what shows the
        changed value counts on.
      </p>
      <ul>
        {commands.map((command) => (
          <li key={command}>
            <code>node_modules/.bin/setpoint -C examples/quickstart {command}</code>
          </li>
        ))}
      </ul>
    </footer>
  );
}
