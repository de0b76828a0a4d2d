/** Lines of words, as the agent in a guest speaks them. */

export type Line = readonly string[];

/** Puts lines together from pieces of a stream. What comes while nobody listens is kept. */
export class LineReader {
  #text = '';
  #onLine: ((line: Line) => void) | undefined;

  set onLine(onLine: ((line: Line) => void) | undefined) {
    this.#onLine = onLine;
    this.#flush();
  }

  read(text: string): void {
    this.#text += text;
    this.#flush();
  }

  #flush(): void {
    for (let end = this.#text.indexOf('\n'); end >= 0 && this.#onLine; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#onLine(line.split(' '));
    }
  }
}
