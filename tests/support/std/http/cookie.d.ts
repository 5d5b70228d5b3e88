// The types of @std/http/cookie: the package on npm comes without.

export interface Cookie {
  name: string;
  value: string;
  expires?: Date | number;
  maxAge?: number;
  domain?: string;
  path?: string;
  secure?: boolean;
  httpOnly?: boolean;
  partitioned?: boolean;
  sameSite?: "Strict" | "Lax" | "None";
  unparsed?: string[];
}

export function getCookies(headers: Headers): Record<string, string>;
export function getSetCookies(headers: Headers): Cookie[];
export function setCookie(headers: Headers, cookie: Cookie): void;
export function deleteCookie(
  headers: Headers,
  name: string,
  attributes?: Pick<Cookie, "path" | "domain" | "secure" | "httpOnly" | "partitioned">,
): void;
