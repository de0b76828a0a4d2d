/** Objects as the compiler names them: `Kind/name`, or `Kind/namespace/name`. */
export function splitObject(object: string): [kind: string, name: string] {
  const slash = object.indexOf('/');
  return [object.slice(0, slash), object.slice(slash + 1)];
}
