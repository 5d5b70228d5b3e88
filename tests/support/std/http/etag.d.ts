// The types of @std/http/etag: the package on npm comes without.

export interface FileInfo {
  mtime: Date | null;
  size: number;
}

export interface ETagOptions {
  algorithm?: AlgorithmIdentifier;
  weak?: boolean;
}

export function eTag(entity: string | Uint8Array, options?: ETagOptions): Promise<string>;
export function eTag(entity: FileInfo, options?: ETagOptions): Promise<string | undefined>;
export function ifMatch(value: string | null, etag: string | undefined): boolean;
export function ifNoneMatch(value: string | null, etag: string | undefined): boolean;
