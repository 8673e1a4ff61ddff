import { useConfig, useSetpointStatus } from "@setpoint/react";
import { useEffect, useState, type ReactElement } from "react";

/** The page, the same on the server and in the browser. Each part selects what it shows, and renders again for nothing else. */
export function Page(): ReactElement {
  return (
    <main>
      <Title />
      <Notices />
      <Clock />
      <Status />
    </main>
  );
}

function Title(): ReactElement {
  return <h1>{useConfig((config) => config.board.title)}</h1>;
}

function Notices(): ReactElement {
  const notices = useConfig((config) => config.board.notices);
  return (
    <ul>
      {notices.map((notice, index) => (
        <li key={index}>{notice}</li>
      ))}
    </ul>
  );
}

function Clock(): ReactElement | null {
  const showsClock = useConfig((config) => config.board.showsClock);
  return showsClock ? <Time /> : null;
}

/** Shows no time until it runs in the browser: the server's would not be the reader's. */
function Time(): ReactElement {
  const [now, setNow] = useState<Date>();
  useEffect(() => {
    const ticking = setInterval(() => setNow(new Date()), 1_000);
    return () => clearInterval(ticking);
  }, []);
  return <p>{now ? now.toLocaleTimeString() : "…"}</p>;
}

function Status(): ReactElement {
  const { state, revision } = useSetpointStatus(({ state, revision }) => ({ state, revision }));
  return (
    <p role="status">
      {state}, revision {revision}
    </p>
  );
}
