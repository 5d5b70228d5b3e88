// Takes what it needs of the global scope when it is loaded, as some libraries do.

/** The `Response` of the global scope, before the library is loaded. */
export const EarlyResponse = Response;

/** Built as a framework builds its own response: on a class that it has taken early. */
export class EarlyDerived extends EarlyResponse {
  readonly kind = "early";
}

export const earlyResponse = new EarlyResponse("early");
