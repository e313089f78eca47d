// Package utf8text treats characters as the reference tokenizers do. It repairs
// invalid UTF-8, lowercases, normalizes, strips accents and knows punctuation. The
// languages and libraries of the references have other versions of Unicode than Go's
// standard library and golang.org/x/text, which have Unicode 15.
package utf8text
