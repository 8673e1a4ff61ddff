// Pure code takes time, delay, ids and chance as arguments (core) or from a port (the daemon's engine). One lint rule for both.

/** Refused wherever they are named, called or handed on. */
const members = new Set(["Date.now", "Math.random", "performance.now", "crypto.randomUUID", "crypto.getRandomValues"]);

/** Refused when called. */
const functions = new Set(["Date", "setTimeout", "setInterval", "setImmediate", "randomUUID", "randomBytes", "randomInt"]);

/** `a.b` as written, without a leading `globalThis.`; undefined for anything else. */
function memberName(node) {
  if (node.computed || node.property.type !== "Identifier") return undefined;
  const object = node.object.type === "MemberExpression" ? node.object.property : node.object;
  return `${object.name}.${node.property.name}`;
}

/** The function called, a global one named through `globalThis` included. */
function calleeName(callee) {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type === "MemberExpression" && callee.object.name === "globalThis") return callee.property.name;
  return undefined;
}

const noAmbient = {
  create(context) {
    const report = (node, what) =>
      context.report({ node, message: `${what} makes this code depend on its moment: take it as an argument or from a port.` });
    return {
      MemberExpression(node) {
        const name = memberName(node);
        if (members.has(name)) report(node, name);
      },
      CallExpression(node) {
        const name = calleeName(node.callee);
        if (functions.has(name)) report(node, `${name}()`);
      },
      NewExpression(node) {
        if (calleeName(node.callee) === "Date" && node.arguments.length === 0) report(node, "new Date()");
      },
    };
  },
};

export default { meta: { name: "setpoint" }, rules: { "no-ambient": noAmbient } };
