// The functions of a module as arrow functions, which the bundle writes shortly: `f=a=>b` for `function f(a){return b}`.
//
// They stand first in their module, where declarations would be hoisted to. A generator cannot be one, and stays.

import ts from "typescript";

export function arrows(source, path) {
  const { statements } = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022);
  const functions = statements.filter((one) => ts.isFunctionDeclaration(one) && one.body && !one.asteriskToken);
  const written = functions.map(({ modifiers = [], name, body, end }) => {
    const exported = modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ? "export " : "";
    return `${exported}const ${name.text} = ${source.slice(name.end, body.pos)} => ${source.slice(body.pos, end)};`;
  });
  const rest = statements.filter((one) => !functions.includes(one));
  return [...written, ...rest.map(({ pos, end }) => source.slice(pos, end))].join("\n");
}
