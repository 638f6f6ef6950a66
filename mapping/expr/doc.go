// Package expr is Microsoft Entra's expression language for attribute
// mappings: parser, static check and evaluator (Microsoft Learn, "Reference
// for writing expressions for attribute mappings in Microsoft Entra ID").
//
// Compile finds every error that the text alone shows. Eval then computes one
// value from the attributes of one object. It is eager, as Entra is: the
// arguments of a branch that is not taken are evaluated too, and can fail.
// The package does no I/O, has no clock of its own, and never panics on any
// text or attributes; time and size of an evaluation are bounded.
package expr
