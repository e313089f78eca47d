// Package utf8text mends text that is not valid UTF-8, and lowercases characters,
// as the reference tokenizers' languages do, which differ from Go's standard library.
package utf8text
