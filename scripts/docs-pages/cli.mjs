import { commands } from "../../apps/cli/src/commands.ts";
import { createProgram } from "../../apps/cli/src/program.ts";

const widthCharacters = 110;

export async function cliPage() {
  const sections = [];
  for (const { name } of commands) {
    const program = await createProgram([name], "0.0.0", async () => {});
    const command = program.commands.find((candidate) => candidate.name() === name);
    sections.push(`## setpoint ${name}\n\n${fenced(helpOf(command))}`);
  }
  const program = await createProgram([], "0.0.0", async () => {});
  return `# The command line

\`setpoint\` runs, reads, changes and undoes configuration from a shell. In this repository it is at \`node_modules/.bin/setpoint\`. This page is its own help; [the guide](../guides/cli.md) shows it at work, and [error codes](errors.md#exit-codes-of-the-command-line) lists the exit codes.

${fenced(helpOf(program))}

${sections.join("\n\n")}
`;
}

function helpOf(command) {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => widthCharacters, getOutHasColors: () => false });
  command.outputHelp();
  return text.trim();
}

function fenced(text) {
  return `\`\`\`text\n${text}\n\`\`\``;
}
