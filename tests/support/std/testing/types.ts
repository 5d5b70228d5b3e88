// Stands in for `@std/testing/types` on a network that does not reach JSR. The package on npm is
// where that module comes from; the one difference is the name of the function.

export { assert as assertType } from "conditional-type-checks";
export type {
  Assert,
  AssertFalse,
  AssertTrue,
  Has,
  IsAny,
  IsExact,
  IsNever,
  IsNullable,
  IsUnknown,
  NotHas,
} from "conditional-type-checks";
