/** Text that is not what it should be. `text` is the input, `message` says what is wrong with it, in words for a person. */
export class AddressError extends Error {
  readonly text: string;

  constructor(text: string, why: string) {
    super(`${JSON.stringify(text)} ${why}`);
    this.name = 'AddressError';
    this.text = text;
  }
}

/** The result of `parse`, or undefined when it throws an AddressError. */
export function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}
