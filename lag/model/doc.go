// Package model defines model families: the interface [Config], which a
// family's configuration implements, and a registry of families.
//
// A family is a package that calls [Register] when it is initialized. Package
// families imports the families of this module. No other package names a
// family: everything that other packages need is a method of Config, so an
// incomplete family does not compile.
package model
