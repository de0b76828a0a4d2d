/** Accept: which form of an answer the client takes. */
import { notAcceptable } from './model/status-error.ts';

export type Form = 'object' | 'table' | 'metadata';

export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Parses an Accept header, best first (RFC 9110 section 12.5.1). */
export function parseAccept(header: string | undefined): MediaRange[] {
  const ranges = (header || '*/*').split(',').map((range) => {
    const [type = '', ...parts] = range.split(';').map((part) => part.trim());
    const parameters = Object.fromEntries(
      parts.map((part): [string, string] => {
        const [name = '', value = ''] = part.split('=');
        return [name.toLowerCase(), value];
      }),
    );
    return { type: type.toLowerCase(), parameters };
  });
  const quality = ({ parameters }: MediaRange): number => Number(parameters.q ?? 1);
  return ranges.sort((a, b) => quality(b) - quality(a));
}

export function takesJson({ type }: MediaRange): boolean {
  return type === 'application/json' || type === 'application/*' || type === '*/*';
}

/**
 * The form for resources: plain, Table or PartialObjectMetadata.
 * @throws StatusError NotAcceptable when nothing of what is asked for can be given
 */
export function formOf(header: string | undefined): Form {
  for (const range of parseAccept(header)) {
    if (!takesJson(range)) continue;
    const { as, g = 'meta.k8s.io', v = 'v1' } = range.parameters;
    if (as === undefined) return 'object';
    if (g !== 'meta.k8s.io' || v !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw notAcceptable(['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']);
}
