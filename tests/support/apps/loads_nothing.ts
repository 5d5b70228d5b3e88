// Has nothing to do with Mudpie.

export const answer = 42;
