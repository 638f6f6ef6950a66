// Package expr is Microsoft Entra's expression language for attribute
// mappings: parser, static check and evaluator (Microsoft Learn, "Reference
// for writing expressions for attribute mappings in Microsoft Entra ID").
//
// Compile finds every error that the text alone shows. Eval then computes one
// value from the attributes of one object. It is eager, as Entra is: the
// arguments of a branch that is not taken are evaluated too, and can fail.
// The package does no I/O, has no clock of its own, and never panics on any
// text or attributes; time and size of an evaluation are bounded.
//
// Where Microsoft's pages are silent or contradict each other:
//
//   - Null is the empty string to functions of strings, 0 to BitAnd, and stays
//     null in functions of dates, Split and Item.
//   - A comparison of null or "" with a number or a date does not hold, except <>.
//   - A function of one string refuses an attribute with several values, but for
//     Trim, ToLower, ToUpper, PCase, StripSpaces and NormalizeDiacritics, which
//     apply to each.
//   - Names of functions and keywords are matched without case.
//   - Split takes white space off the parts; Word skips empty words; Mid gives ""
//     for a start outside of the string; RemoveDuplicates compares with case.
//   - Coalesce takes "" for a value.
//   - Error takes effect only where it becomes the result.
//   - The host's time zone is UTC, and two-digit years end in 2029.
package expr
