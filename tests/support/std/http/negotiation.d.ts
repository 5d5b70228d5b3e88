// The types of @std/http/negotiation: the package on npm comes without.

type WithHeaders = Pick<Request, "headers">;

export function accepts(request: WithHeaders): string[];
export function accepts(request: WithHeaders, ...types: string[]): string | undefined;
export function acceptsEncodings(request: WithHeaders): string[];
export function acceptsEncodings(request: WithHeaders, ...encodings: string[]): string | undefined;
export function acceptsLanguages(request: WithHeaders): string[];
export function acceptsLanguages(request: WithHeaders, ...languages: string[]): string | undefined;
