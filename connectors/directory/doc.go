// Package directory holds what every part of scimsync speaks about: an object
// of a directory, on the source or on the target side, its attribute values
// and references, and a change of it. It is a leaf: it knows no file format,
// no protocol and no clock, and imports the standard library alone.
package directory
