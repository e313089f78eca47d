// Package model says what a family of models is: one interface, [Config], that a
// family's configuration implements, and a registry of families.
//
// A family is a package that calls [Register] when it is initialized. Package
// families imports those of this module. No other package names a family: what
// one needs to know of a model is a method of Config, so that a family that
// lacks something does not compile.
package model
