// The type of the one function that the file server takes from @std/media-types.

export function contentType(extensionOrType: string): string | undefined;
